"""Stock health: a day's store stock into order quantities and a health report."""
