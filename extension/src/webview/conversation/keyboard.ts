/** The keys of the message list. Page keys scroll, as everywhere. */

export interface Moves {
  toComposer(): void;
  toFirst(): void;
  toLast(): void;
  by(step: number): void;
}

export function moveBetweenMessages(event: KeyboardEvent, moves: Moves): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented) return;
  const move = moveOf(event.key, moves);
  if (move === undefined) return;
  event.preventDefault();
  move();
}

function moveOf(key: string, moves: Moves): (() => void) | undefined {
  switch (key) {
    case 'ArrowUp':
      return () => {
        moves.by(-1);
      };
    case 'ArrowDown':
      return () => {
        moves.by(1);
      };
    case 'Home':
      return moves.toFirst;
    case 'End':
      return moves.toLast;
    case 'Escape':
      return moves.toComposer;
    default:
      return undefined;
  }
}
