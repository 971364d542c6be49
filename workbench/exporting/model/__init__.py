"""The forms that need torch: a trained model as it stands in a checkpoint. Only the helper process comes here."""
