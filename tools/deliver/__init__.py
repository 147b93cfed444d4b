"""`make deliver`: the plan that was approved is what is applied; then models are called, and the audit asked."""
