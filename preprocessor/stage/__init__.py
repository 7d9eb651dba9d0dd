"""What the stages share: arguments, work on many files, summaries, exit codes."""
