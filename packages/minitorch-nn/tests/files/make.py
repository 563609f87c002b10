"""Write `optimizers.pt` beside this script, by PyTorch itself: `python make.py`.

For each optimizer: two parameters after 3 steps and its state_dict then, the gradients of 10 more
steps, and the parameters after those.
"""

from __future__ import annotations

from pathlib import Path

import torch

CASES = {
    "SGD": [{"lr": 0.1}, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}],
    "Adam": [
        {"lr": 0.1},
        {"lr": 0.05, "betas": (0.8, 0.9), "weight_decay": 0.1, "amsgrad": True},
        {"lr": 0.05, "maximize": True, "decoupled_weight_decay": True, "weight_decay": 0.1},
    ],
    "AdamW": [{"lr": 0.1}, {"lr": 0.1, "amsgrad": True}],
    "Adadelta": [{"lr": 0.5}, {"lr": 0.5, "rho": 0.8, "weight_decay": 0.1}],
    "Adagrad": [{"lr": 0.1}, {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5}],
    "Adamax": [{"lr": 0.1}, {"lr": 0.1, "betas": (0.8, 0.9), "maximize": True}],
    "NAdam": [{"lr": 0.1}, {"lr": 0.1, "momentum_decay": 0.1, "weight_decay": 0.1}],
    "RAdam": [{"lr": 0.1}, {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.1}],
    "RMSprop": [{"lr": 0.01}, {"lr": 0.01, "momentum": 0.5, "centered": True}],
}

torch.manual_seed(0)
made = []
for name, cases in CASES.items():
    for settings in cases:
        params = [torch.randn(3, 2, requires_grad=True), torch.randn(4, requires_grad=True)]
        groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.2}]
        optimizer = getattr(torch.optim, name)(groups, **settings)
        gradients = [[torch.randn_like(p) for p in params] for _ in range(13)]
        for step, given in enumerate(gradients):
            if step == 3:
                middle = [p.detach().clone() for p in params]
                # Through a file, so that it is a copy.
                torch.save(optimizer.state_dict(), "state.pt")
                state = torch.load("state.pt")
                Path("state.pt").unlink()
            for p, gradient in zip(params, given):
                p.grad = gradient
            optimizer.step()
        made.append(
            {
                "name": name,
                "settings": settings,
                "middle": middle,
                "state": state,
                "gradients": gradients[3:],
                "end": [p.detach() for p in params],
            }
        )
torch.save(made, Path(__file__).parent / "optimizers.pt")
