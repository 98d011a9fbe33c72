// The one translation unit that owns the precompiled <torch/torch.h>; it has nothing of its own.
