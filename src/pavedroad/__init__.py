"""The road every ML team drives on: one library behind the template, the actions and the workflows."""

from pavedroad.report import Check, Figure, Input, Outcome, Report, Run, Severity

__all__ = ["Check", "Figure", "Input", "Outcome", "Report", "Run", "Severity"]
