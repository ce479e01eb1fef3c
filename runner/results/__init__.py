"""What people read: result files, summary, row history, remedies, report."""
