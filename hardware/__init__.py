"""What the work runs on: device, number format, processes, memory."""

PRECISIONS = ("auto", "bf16", "fp16", "off")
