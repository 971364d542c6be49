"""From gradients to an update: rules, schedules, loss scaling, norms and clipping, averaged weights."""
