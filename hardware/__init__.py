"""What the work runs on: device, number format, processes, memory."""
