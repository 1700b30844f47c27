//! A whole cluster in one thread, with logs in memory and messages passed at once: step for step
//! the Loop of test/bench/raft/loop.cc.

use bytes::Bytes;
use raft::eraftpb::{ConfState, Entry, Message, MessageType};
use raft::{Config, RawNode};
use slog::{o, Discard, Logger};

use crate::bounded_log::BoundedLog;

pub fn logger() -> Logger {
    Logger::root(Discard, o!())
}

pub fn members(voters: u64, learners: u64) -> ConfState {
    ConfState::from((
        (1..=voters).collect::<Vec<u64>>(),
        (voters + 1..=voters + learners).collect::<Vec<u64>>(),
    ))
}

/// Where our defaults and raft-rs's differ: ours, and what makes raft-rs fastest. Its own would
/// send one message for each entry.
pub fn config(id: u64) -> Config {
    Config {
        id,
        election_tick: 10,
        heartbeat_tick: 1,
        max_size_per_msg: 1 << 20,
        max_inflight_msgs: 256,
        batch_append: true,
        check_quorum: true,
        pre_vote: true,
        ..Config::default()
    }
}

/// What RawNode::propose makes of a command, without the copy that it would ask for: the bytes are
/// shared, as ours are.
pub fn proposal(command: &Bytes) -> Message {
    let mut entry = Entry::default();
    entry.data = command.clone();
    let mut message = Message::default();
    message.set_msg_type(MessageType::MsgPropose);
    message.from = 1;
    message.set_entries(vec![entry].into());
    message
}

struct Node {
    raw: RawNode<BoundedLog>,
    inbox: Vec<Message>, // their room is used again
    read: Vec<Message>,
}

pub struct Cluster {
    nodes: Vec<Node>, // by id, from 1
}

impl Cluster {
    /// Node 1 campaigns and wins.
    pub fn elected(voters: u64) -> Self {
        let node = |id| Node {
            raw: RawNode::new(&config(id), BoundedLog::new(members(voters, 0)), &logger()).unwrap(),
            inbox: Vec::new(),
            read: Vec::new(),
        };
        let mut cluster = Cluster {
            nodes: (1..=voters).map(node).collect(),
        };
        cluster.leader().campaign().unwrap();
        cluster.run_all();
        assert_eq!(cluster.leader().raft.raft_log.applied, 1);
        cluster
    }

    pub fn leader(&mut self) -> &mut RawNode<BoundedLog> {
        &mut self.nodes[0].raw
    }

    /// `count` commands, from the leader's proposal until every node has applied them.
    pub fn commit(&mut self, command: &Bytes, count: usize) {
        for _ in 0..count {
            self.leader().step(proposal(command)).unwrap();
        }
        self.run_all();
    }

    /// Of the node that has applied least.
    pub fn applied(&self) -> u64 {
        let applied = |node: &Node| node.raw.raft.raft_log.applied;
        self.nodes.iter().map(applied).min().unwrap()
    }

    pub fn run_all(&mut self) {
        let mut more = true;
        while more {
            more = false;
            for i in 0..self.nodes.len() {
                more |= self.run(i);
            }
        }
    }

    /// True if there was anything to do.
    fn run(&mut self, i: usize) -> bool {
        let node = &mut self.nodes[i];
        std::mem::swap(&mut node.read, &mut node.inbox);
        let was_read = !node.read.is_empty();
        for message in node.read.drain(..) {
            node.raw.step(message).unwrap();
        }
        if !node.raw.has_ready() {
            return was_read;
        }
        let mut ready = node.raw.ready();
        let messages = ready.take_messages();
        let persisted_messages = ready.take_persisted_messages();
        let mut last = ready.take_committed_entries().last().map(|e| e.index);
        let log = node.raw.mut_store();
        if let Some(state) = ready.hs() {
            log.set_hard_state(state.clone());
        }
        log.write(ready.take_entries());
        let mut light = node.raw.advance(ready);
        if let Some(commit) = light.commit_index() {
            node.raw.mut_store().set_commit(commit);
        }
        let late_messages = light.take_messages();
        last = light
            .take_committed_entries()
            .last()
            .map(|e| e.index)
            .or(last);
        if let Some(applied) = last {
            node.raw.advance_apply();
            node.raw.mut_store().trim(applied);
        }
        for messages in [messages, persisted_messages, late_messages] {
            self.post(messages);
        }
        true
    }

    fn post(&mut self, messages: Vec<Message>) {
        for message in messages {
            self.nodes[message.to as usize - 1].inbox.push(message);
        }
    }
}
