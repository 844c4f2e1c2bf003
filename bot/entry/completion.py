"""``plumbline completion``: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

WHERE = {
    "bash": 'eval "$(plumbline completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(plumbline completion zsh)" in ~/.zshrc',
    "fish": "plumbline completion fish > ~/.config/fish/completions/plumbline.fish",
}


@click.command("completion", epilog="; ".join(WHERE.values()))
@click.argument("shell", type=click.Choice(list(WHERE)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands and options."""
    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"there is no completion for {shell}")
    root = context.find_root()
    # The variable's name is the one that click derives from the program's name.
    click.echo(found(root.command, {}, "plumbline", "_PLUMBLINE_COMPLETE").source())
