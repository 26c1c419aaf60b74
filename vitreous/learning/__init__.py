"""What networks share, whatever the method: fields, batches, training, checkpoints, devices, tasks.

A method is one file: a ``Network`` (vitreous.learning.network) with two hooks, ``inputs`` and
``module``. Only ``network`` and ``tables`` do without torch.
"""
