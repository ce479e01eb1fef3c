"""Where a setting comes from: options, environment, profile, default."""
