//! How long a thing takes and what it allocates, each time it is done. Time is that of this thread
//! on a processor, as our side is measured: one thread does all the work, and whatever else runs on
//! the machine does not count.

use std::time::Duration;

use crate::allocations;

pub struct Reading {
    pub iterations: u64,
    pub ns: f64,          // per iteration
    pub allocations: f64, // per iteration
}

/// Adds up stretches of time; what is between them is not counted.
#[derive(Default)]
pub struct Meter {
    time: Duration,
    allocations: u64,
    iterations: u64,
}

impl Meter {
    pub fn stretch(&mut self, iterations: u64, work: impl FnOnce()) {
        let allocations = allocations::count();
        let start = thread_time();
        work();
        self.time += thread_time() - start;
        self.allocations += allocations::count() - allocations;
        self.iterations += iterations;
    }

    pub fn seconds(&self) -> f64 {
        self.time.as_secs_f64()
    }

    pub fn reading(&self) -> Reading {
        let each = self.iterations.max(1) as f64;
        Reading {
            iterations: self.iterations,
            ns: self.time.as_nanos() as f64 / each,
            allocations: self.allocations as f64 / each,
        }
    }
}

fn thread_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
