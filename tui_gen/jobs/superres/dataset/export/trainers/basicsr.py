"""The configuration for BasicSR: `python basicsr/train.py -opt train.yml`."""

from __future__ import annotations

import json

from tui_gen.jobs.superres.dataset.export.trainers.training_set import Configuration, TrainingSet
from tui_gen.jobs.superres.dataset.export.trees import META, SEPTUPLET

_USUAL_RATIO = 4
"""The only ratio of EDVR and BasicVSR."""
_EDVR_UNIT = 4
_REDS_SAMPLE_FRAMES = 15
"""The frames of a sample in BasicSR's configuration of BasicVSR for REDS."""


def basicsr_configuration(of: TrainingSet, *, is_lmdb: bool) -> Configuration:
    """Return the configuration for septuplets, with a model of BasicSR that does the ratio."""
    frames = min(of.frames, SEPTUPLET)
    is_recurrent = of.ratio == _USUAL_RATIO and min(of.truths, of.frames) >= SEPTUPLET
    gt, lq = of.databases if is_lmdb else ("GT", "LQ")
    train = f"""\
    type: {"Vimeo90KRecurrentDataset" if is_recurrent else "Vimeo90KDataset"}
    dataroot_gt: {json.dumps(str(of.train / gt))}
    dataroot_lq: {json.dumps(str(of.train / lq))}
    meta_info_file: {json.dumps(str(of.train / META))}
    io_backend:
      type: {"lmdb" if is_lmdb else "disk"}

    num_frame: {frames}
    random_reverse: false
{"    flip_sequence: true" + chr(10) if is_recurrent else ""}"""
    return _configuration(
        of, frames=frames, is_recurrent=is_recurrent, train=train, validation=_validation(of, frames)
    )


def reds_configuration(of: TrainingSet) -> Configuration:
    """Return the configuration for clips of 100 frames: BasicVSR at x4, and DUF at other ratios."""
    is_recurrent = of.ratio == _USUAL_RATIO
    frames = _REDS_SAMPLE_FRAMES if is_recurrent else SEPTUPLET
    flow = "" if is_recurrent else "    dataroot_flow: ~\n"
    train = f"""\
    type: {"REDSRecurrentDataset" if is_recurrent else "REDSDataset"}
    dataroot_gt: {json.dumps(str(of.train / "GT"))}
    dataroot_lq: {json.dumps(str(of.train / "LQ"))}
{flow}    meta_info_file: {json.dumps(str(of.train / META))}
    val_partition: REDS4  # no clip of an export has such a name: all are for training
    test_mode: false
    io_backend:
      type: disk

    num_frame: {frames}
    interval_list: [1]
    random_reverse: false
"""
    validation = ""
    if of.val is not None:
        validation = f"""
  val:
    name: {json.dumps(f"{of.name}_val")}
    type: {"VideoRecurrentTestDataset" if is_recurrent else "VideoTestDataset"}
    dataroot_gt: {json.dumps(str(of.val / "GT"))}
    dataroot_lq: {json.dumps(str(of.val / "LQ"))}
    io_backend:
      type: disk

    cache_data: false
    num_frame: {-1 if is_recurrent else frames}
    padding: reflection
"""
    return _configuration(
        of, frames=frames, is_recurrent=is_recurrent, train=train, validation=validation, is_centred=False
    )


def _configuration(  # noqa: PLR0913 - the parts of one file
    of: TrainingSet,
    *,
    frames: int,
    is_recurrent: bool,
    train: str,
    validation: str,
    is_centred: bool = True,
) -> Configuration:
    """Return a configuration with these datasets; `is_centred`: GT of the middle frame is validated alone."""
    model, network, training = _network(of, frames, is_recurrent=is_recurrent)
    text = f"""\
# Of an export of tui-gen. The keys are those of BasicSR's options/train.
name: {json.dumps(f"{model}_{of.name}_x{of.ratio}")}
model_type: {_MODEL_TYPES[model]}
scale: {of.ratio}
num_gpu: auto
manual_seed: 0

datasets:
  train:
    name: {json.dumps(of.name)}
{train}    gt_size: {of.gt_patch}
    use_hflip: true
    use_rot: true

    num_worker_per_gpu: 4
    batch_size_per_gpu: 4
    dataset_enlarge_ratio: 1
    prefetch_mode: ~
{validation}
network_g:
{network}
path:
  pretrain_network_g: ~
  strict_load_g: true
  resume_state: ~

train:
  ema_decay: 0.999
  optim_g:
    type: Adam
    lr: !!float 2e-4
    weight_decay: 0
    betas: [0.9, 0.99]

  scheduler:
    type: CosineAnnealingRestartLR
    periods: [300000]
    restart_weights: [1]
    eta_min: !!float 1e-7

  total_iter: 300000
  warmup_iter: -1
{training}
  pixel_opt:
    type: CharbonnierLoss
    loss_weight: 1.0
    reduction: mean
{_validating(is_recurrent=is_recurrent, is_centred=is_centred) if of.val else ""}
logger:
  print_freq: 100
  save_checkpoint_freq: !!float 5e3
  use_tb_logger: true
  wandb:
    project: ~
    resume_id: ~

dist_params:
  backend: nccl
  port: 29500
{"" if not is_recurrent else chr(10) + "find_unused_parameters: true" + chr(10)}"""
    warnings = tuple(_warnings(of, model, frames))
    head = "".join(f"# Note: {warning}\n" for warning in warnings)
    return Configuration("train.yml", head + text, warnings)


_MODEL_TYPES = {"BasicVSR": "VideoRecurrentModel", "EDVR": "EDVRModel", "DUF": "VideoBaseModel"}


def _network(of: TrainingSet, frames: int, *, is_recurrent: bool) -> tuple[str, str, str]:
    """Return the model, its keys, and the keys of its training."""
    if is_recurrent:
        keys = "  type: BasicVSR\n  num_feat: 64\n  num_block: 30\n  spynet_path: ~  # or SPyNet's weights\n"
        return "BasicVSR", keys, "  fix_flow: 5000\n  flow_lr_mul: 0.125\n"
    if of.ratio == _USUAL_RATIO:
        keys = (
            f"  type: EDVR\n  num_in_ch: 3\n  num_out_ch: 3\n  num_feat: 64\n  num_frame: {frames}\n"
            "  deformable_groups: 8\n  num_extract_block: 5\n  num_reconstruct_block: 10\n"
            "  center_frame_idx: ~\n  hr_in: false\n  with_predeblur: false\n  with_tsa: false\n"
        )
        return "EDVR", keys, "  dcn_lr_mul: 1\n"
    return "DUF", f"  type: DUF\n  scale: {of.ratio}\n  num_layer: 16\n", ""


def _validation(of: TrainingSet, frames: int) -> str:
    if of.val is None:
        return ""
    return f"""
  val:
    name: {json.dumps(f"{of.name}_val")}
    type: VideoTestVimeo90KDataset
    dataroot_gt: {json.dumps(str(of.val / "GT"))}
    dataroot_lq: {json.dumps(str(of.val / "LQ"))}
    meta_info_file: {json.dumps(str(of.val / META))}
    io_backend:
      type: disk

    cache_data: false
    num_frame: {frames}
"""


def _validating(*, is_recurrent: bool, is_centred: bool) -> str:
    middle = "  flip_seq: true\n  center_frame_only: true\n" if is_recurrent and is_centred else ""
    return f"""
val:
  val_freq: !!float 5e3
  save_img: false
{middle}
  metrics:
    psnr:
      type: calculate_psnr
      crop_border: 0
      test_y_channel: false
"""


def _warnings(of: TrainingSet, model: str, frames: int) -> list[str]:
    warnings = []
    if model == "DUF":
        warnings.append(
            f"BasicSR's EDVR and BasicVSR are x4 alone, and fail at x{of.ratio}: this is DUF, which does it"
        )
        if frames != SEPTUPLET:
            warnings.append(f"DUF needs {SEPTUPLET} frames, and clips have {frames}: put another model in")
    odd = of.odd_sizes(_EDVR_UNIT) if model == "EDVR" else []
    if odd:
        warnings.append(
            f"EDVR needs LR sides that are multiples of {_EDVR_UNIT}, and cannot validate on "
            f"{', '.join(odd)}: export with --crop {of.gt_patch}"
        )
    return warnings
