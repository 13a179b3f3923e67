"""The configuration for neosr: `python train.py -opt train.toml`."""

from __future__ import annotations

import json

from tui_gen.jobs.superres.dataset.export.trainers.training_set import Configuration, TrainingSet

MANY_PAIRS = 50_000


def neosr_configuration(of: TrainingSet) -> Configuration:
    """Return the configuration with the network `compact`, which does every ratio."""
    val = ""
    if of.val is not None:
        val = f"""
[datasets.val]
name = {json.dumps(f"{of.name}-val")}
type = "paired"
dataroot_gt = {json.dumps(str(of.val / "gt"))}
dataroot_lq = {json.dumps(str(of.val / "lq"))}

[val]
val_freq = 1000
[val.metrics.psnr]
type = "calculate_psnr"
"""
    text = f"""\
# Of an export of tui-gen. The keys are those of neosr's options/train_compact.toml.
name = {json.dumps(f"compact_{of.name}_x{of.ratio}")}
model_type = "image"
scale = {of.ratio}
use_amp = true
bfloat16 = true
fast_matmul = true

[datasets.train]
type = "paired"
dataroot_gt = {json.dumps(str(of.train / "gt"))}
dataroot_lq = {json.dumps(str(of.train / "lq"))}
patch_size = {of.lr_patch}
batch_size = 8
{val}
[path]

[network_g]
type = "compact"

[train]
grad_clip = false
ema = 0.999

[train.optim_g]
type = "adan_sf"
lr = 1e-3
betas = [ 0.98, 0.92, 0.99 ]
weight_decay = 0.01
schedule_free = true
warmup_steps = 1600

[train.mssim_opt]
type = "mssim_loss"
loss_weight = 1.0

[train.consistency_opt]
type = "consistency_loss"
loss_weight = 1.0

[logger]
total_iter = 500000
save_checkpoint_freq = 1000
use_tb_logger = true
"""
    warnings = []
    if of.pairs >= MANY_PAIRS:
        warnings.append(
            f"neosr looks for each of {of.pairs} names among all others before it starts, which takes minutes"
        )
    head = "".join(f"# Note: {warning}\n" for warning in warnings)
    return Configuration("train.toml", head + text, tuple(warnings))
