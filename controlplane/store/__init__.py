"""What the service keeps: the audit log, the event log and the performance ledger."""
