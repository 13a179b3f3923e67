"""The configuration for traiNNer-redux: `python train.py --auto_resume -opt train.yml`."""

from __future__ import annotations

import json

from tui_gen.jobs.superres.dataset.export.trainers.training_set import Configuration, TrainingSet


def trainner_configuration(of: TrainingSet) -> Configuration:
    """Return the configuration with TemporalSPANv2, a network for clips that does every ratio."""
    val = ""
    if of.val is not None:
        val = f"""
  val:
    name: {json.dumps(f"{of.name} val")}
    type: pairedvideodataset
    dataroot_gt: [{json.dumps(str(of.val / "gt"))}]
    dataroot_lq: [{json.dumps(str(of.val / "lq"))}]
    clip_size: {of.frames}
"""
    text = f"""\
# Of an export of tui-gen. The keys are those of traiNNer-redux's options/_templates/train/TemporalSPANv2.
name: {json.dumps(f"{of.ratio}x_TemporalSPANv2_{of.name}")}
scale: {of.ratio}
use_amp: true
amp_bf16: false
num_gpu: auto

datasets:
  train:
    name: {json.dumps(of.name)}
    type: pairedvideodataset
    dataroot_gt: [{json.dumps(str(of.train / "gt"))}]
    dataroot_lq: [{json.dumps(str(of.train / "lq"))}]
    clip_size: {of.frames}

    lq_size: {of.lr_patch}
    use_hflip: true
    use_rot: true

    num_worker_per_gpu: 4
    batch_size_per_gpu: 8
    accum_iter: 1
{val}
network_g:
  type: temporalspanv2
  num_frames: {of.frames}

path:
  strict_load_g: true
  resume_state: ~

train:
  ema_decay: 0.999
  ema_power: 0.75
  grad_clip: false
  optim_g:
    type: AdamW
    lr: !!float 2e-4
    weight_decay: 0
    betas: [0.9, 0.99]

  scheduler:
    type: MultiStepLR
    milestones: [250000, 400000, 450000, 475000]
    gamma: 0.5

  total_iter: 500000
  warmup_iter: -1

  losses:
    - type: charbonnierloss
      loss_weight: 1.0

val:
  val_enabled: {"true" if of.val else "false"}
  val_freq: 1000
  save_img: false
  metrics_enabled: true
  metrics:
    psnr:
      type: calculate_psnr
      crop_border: {of.ratio}
      test_y_channel: false

logger:
  print_freq: 100
  save_checkpoint_freq: 1000
  save_checkpoint_format: pth
  use_tb_logger: true
"""
    warnings = []
    if of.frames % 2 == 0:
        warnings.append(f"TemporalSPANv2 needs an odd number of frames, and clips have {of.frames}")
    head = "".join(f"# Note: {warning}\n" for warning in warnings)
    return Configuration("train.yml", head + text, tuple(warnings))
