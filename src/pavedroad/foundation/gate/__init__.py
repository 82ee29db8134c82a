"""The decision: pure functions over evidence, the policy they follow, and the record they leave."""
