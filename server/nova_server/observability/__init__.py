"""What operators see: metrics and logs. Nothing here ever holds a byte that a caller sent."""
