//! How far a long command is, on stderr, where a person may be looking.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(100);
/// Commands shorter than this many ticks show nothing.
const PATIENCE: u32 = 10;

/// Does `work`, which counts `what` it has finished of `total`; shows the count, and how long the rest
/// may take, if that takes longer than a second and stderr is a terminal.
pub(super) fn shown<T>((total, what): (u64, &str), work: impl FnOnce(&AtomicU64) -> T) -> T {
    let finished = AtomicU64::new(0);
    if !io::stderr().is_terminal() {
        return work(&finished);
    }
    thread::scope(|scope| {
        let (over, is_over) = mpsc::channel::<()>();
        let so_far = &finished;
        let watch = move || {
            let mut bar = None;
            let mut ticks = 0;
            while is_over.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                ticks += 1;
                if ticks >= PATIENCE {
                    let bar = bar.get_or_insert_with(|| new_bar(total, what));
                    bar.set_position(so_far.load(Ordering::Relaxed));
                    bar.tick();
                }
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        };
        scope.spawn(watch);
        // Dropped when the work is over, also by a panic: then the watch ends.
        let _over = over;
        work(&finished)
    })
}

fn new_bar(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template =
        format!("{{spinner}} {{elapsed}} {{wide_bar}} {{pos}}/{{len}} {what}, {{eta}} left");
    bar.set_style(ProgressStyle::with_template(&template).expect("the template is right"));
    bar
}
