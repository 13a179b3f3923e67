"""The configuration for mmagic: `mim train mmagic train.py`."""

from __future__ import annotations

from tui_gen.jobs.superres.dataset.export.trainers.training_set import Configuration, TrainingSet
from tui_gen.jobs.superres.dataset.export.trees import META, META_OF_CLIPS, SEPTUPLET

_ONLY_RATIO = 4


def mmagic_configuration(of: TrainingSet, *, is_reds: bool) -> Configuration:
    """Return the configuration: BasicVSR if every frame has a GT, else EDVR."""
    frames = of.frames if is_reds else min(of.frames, SEPTUPLET)
    is_recurrent = is_reds or of.truths >= frames
    model = "BasicVSR" if is_recurrent else "EDVR"
    text = f"""\
# Of an export of tui-gen. The keys are those of mmagic's configs/basicvsr and configs/edvr.
default_scope = 'mmagic'
experiment_name = {f"{model.lower()}_{of.name}_x{of.ratio}"!r}
save_dir = './work_dirs'
work_dir = f'./work_dirs/{{experiment_name}}'
scale = {of.ratio}

model = dict(
    type={model!r},
    generator={_generator(frames, is_recurrent=is_recurrent)},
    pixel_loss=dict(type='CharbonnierLoss', loss_weight=1.0, reduction='mean'),
    train_cfg={"dict(fix_iter=5000)" if is_recurrent else "None"},
    data_preprocessor=dict(type='DataPreprocessor', mean=[0., 0., 0.], std=[255., 255., 255.]))

train_pipeline = [
{_indices(is_reds=is_reds)}    dict(type='LoadImageFromFile', key='img', channel_order='rgb'),
    dict(type='LoadImageFromFile', key='gt', channel_order='rgb'),
    dict(type='SetValues', dictionary=dict(scale=scale)),
    dict(type='PairedRandomCrop', gt_patch_size={of.gt_patch}),
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='horizontal'),
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='vertical'),
    dict(type='RandomTransposeHW', keys=['img', 'gt'], transpose_ratio=0.5),
    dict(type='PackInputs')
]
val_pipeline = [
{_indices(is_reds=is_reds)}    dict(type='LoadImageFromFile', key='img', channel_order='rgb'),
    dict(type='LoadImageFromFile', key='gt', channel_order='rgb'),
    dict(type='PackInputs')
]

train_dataloader = dict(
    num_workers=4,
    batch_size=4,
    persistent_workers=False,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset={_dataset(str(of.train), "train", frames, is_reds=is_reds, is_recurrent=is_recurrent)})
{_validation(of, frames, is_reds=is_reds, is_recurrent=is_recurrent)}
train_cfg = dict(type='IterBasedTrainLoop', max_iters=300_000, val_interval=5000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-4, betas=(0.9, 0.99)),
    paramwise_cfg=dict(custom_keys={{'spynet': dict(lr_mult=0.125)}}))
param_scheduler = dict(
    type='CosineRestartLR', by_epoch=False, periods=[300000], restart_weights=[1], eta_min=1e-7)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=5000, out_dir=save_dir, by_epoch=False),
    sampler_seed=dict(type='DistSamplerSeedHook'))
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=4),
    dist_cfg=dict(backend='nccl'))
log_level = 'INFO'
log_processor = dict(type='LogProcessor', window_size=100, by_epoch=False)
load_from = None
resume = False
find_unused_parameters = True
"""
    warnings = []
    if of.ratio != _ONLY_RATIO:
        warnings.append(
            f"{model} of mmagic is x{_ONLY_RATIO} alone, and fails at x{of.ratio}: put another generator in"
        )
    odd = of.odd_sizes(_ONLY_RATIO) if not is_recurrent else []
    if odd:
        warnings.append(
            f"EDVR needs LR sides that are multiples of 4, and cannot validate on {', '.join(odd)}: "
            f"export with --crop {of.gt_patch}"
        )
    head = "".join(f"# Note: {warning}\n" for warning in warnings)
    return Configuration("train.py", head + text, tuple(warnings))


def _generator(frames: int, *, is_recurrent: bool) -> str:
    if is_recurrent:
        return "dict(type='BasicVSRNet', mid_channels=64, num_blocks=30, spynet_pretrained=None)"
    return (
        "dict(\n        type='EDVRNet', in_channels=3, out_channels=3, mid_channels=64, "
        f"num_frames={frames},\n        deform_groups=8, num_blocks_extraction=5,\n"
        "        num_blocks_reconstruction=10,\n"
        f"        center_frame_idx={frames // 2}, with_tsa=False)"
    )


def _indices(*, is_reds: bool) -> str:
    return "    dict(type='GenerateSegmentIndices', interval_list=[1]),\n" if is_reds else ""


def _dataset(root: str, phase: str, frames: int, *, is_reds: bool, is_recurrent: bool) -> str:
    reach = frames // 2
    names = [f"im{number}.png" for number in range(4 - reach, 5 + reach)]
    truths = names if is_recurrent else ["im4.png"]
    listed = "" if is_reds else f"\n        load_frames_list=dict(img={names!r}, gt={truths!r}),"
    return f"""dict(
        type='BasicFramesDataset',
        metainfo=dict(dataset_type={"reds_reds4" if is_reds else "vimeo90k_seq"!r}, task_name='vsr'),
        data_root={root!r},
        data_prefix=dict(img='LQ', gt='GT'),
        ann_file={META_OF_CLIPS if is_reds else META!r},
        depth={1 if is_reds else 2},
        num_input_frames={frames},
        fixed_seq_len={frames},{listed}
        pipeline={phase}_pipeline)"""


def _validation(of: TrainingSet, frames: int, *, is_reds: bool, is_recurrent: bool) -> str:
    if of.val is None:
        return ""
    dataset = _dataset(str(of.val), "val", frames, is_reds=is_reds, is_recurrent=is_recurrent)
    return f"""
val_dataloader = dict(
    num_workers=1,
    batch_size=1,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset={dataset})
val_evaluator = dict(type='Evaluator', metrics=[dict(type='PSNR'), dict(type='SSIM')])
val_cfg = dict(type='MultiValLoop')
"""
