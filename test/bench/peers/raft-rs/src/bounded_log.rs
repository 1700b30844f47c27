//! A log in memory that forgets what is old: the BoundedLog of test/bench/raft/loop.h. Without the
//! lock that raft-rs's own MemStorage has around it.

use raft::eraftpb::{ConfState, Entry, HardState, Snapshot};
use raft::storage::{GetEntriesContext, RaftState, Storage};
use raft::util::limit_size;
use raft::{Error, Result, StorageError};

const KEPT: usize = 512;

pub struct BoundedLog {
    state: RaftState,
    start: u64,
    start_term: u64,
    entries: Vec<Entry>,
}

impl BoundedLog {
    pub fn new(members: ConfState) -> Self {
        BoundedLog {
            state: RaftState::new(HardState::default(), members),
            start: 0,
            start_term: 0,
            entries: Vec::new(),
        }
    }

    pub fn set_hard_state(&mut self, state: HardState) {
        self.state.hard_state = state;
    }

    pub fn set_commit(&mut self, index: u64) {
        self.state.hard_state.commit = index;
    }

    pub fn write(&mut self, mut entries: Vec<Entry>) {
        if let Some(first) = entries.first() {
            self.entries
                .truncate((first.index - self.start - 1) as usize);
            self.entries.append(&mut entries);
        }
    }

    /// Everything but the last KEPT entries up to `applied` may go.
    pub fn trim(&mut self, applied: u64) {
        if self.entries.len() < 2 * KEPT || applied < self.start + KEPT as u64 {
            return;
        }
        let count = (applied - self.start) as usize - KEPT;
        if count == 0 {
            return;
        }
        self.start_term = self.entries[count - 1].term;
        self.entries.drain(..count);
        self.start += count as u64;
    }
}

impl Storage for BoundedLog {
    fn initial_state(&self) -> Result<RaftState> {
        Ok(self.state.clone())
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        bytes_max: impl Into<Option<u64>>,
        _: GetEntriesContext,
    ) -> Result<Vec<Entry>> {
        if low <= self.start {
            return Err(Error::Store(StorageError::Compacted));
        }
        let offset = self.start + 1;
        let mut entries = self.entries[(low - offset) as usize..(high - offset) as usize].to_vec();
        limit_size(&mut entries, bytes_max.into());
        Ok(entries)
    }

    fn term(&self, index: u64) -> Result<u64> {
        if index == self.start {
            return Ok(self.start_term);
        }
        if index < self.start {
            return Err(Error::Store(StorageError::Compacted));
        }
        match self.entries.get((index - self.start - 1) as usize) {
            Some(entry) => Ok(entry.term),
            None => Err(Error::Store(StorageError::Unavailable)),
        }
    }

    fn first_index(&self) -> Result<u64> {
        Ok(self.start + 1)
    }

    fn last_index(&self) -> Result<u64> {
        Ok(self.start + self.entries.len() as u64)
    }

    fn snapshot(&self, _: u64, _: u64) -> Result<Snapshot> {
        Err(Error::Store(StorageError::SnapshotTemporarilyUnavailable))
    }
}
