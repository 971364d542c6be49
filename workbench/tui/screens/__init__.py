"""The screens, each beside its layout."""
