"""superposed: measure how many neurons a network needs to compute in superposition."""

import os
from importlib.metadata import version

_FUSION = "--xla_cpu_experimental_ynn_fusion_type"
if version("jaxlib").startswith(("0.10.", "0.11.")) and _FUSION not in os.environ.get("XLA_FLAGS", ""):
    # On CPUs jaxlib 0.10.2 fuses multiply and sum into wrong results (jax issue 39103), and its fused products round
    # differently with the size of the padding. Without that fusion sums are right and rows are the same bit for bit.
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_FUSION}=".strip()
