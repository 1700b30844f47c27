//! The lines of the table, under the names and with the parameters of test/bench/raft/raft_bench.cc.

use std::hint::black_box;

use bytes::Bytes;
use raft::eraftpb::{Message, MessageType};
use raft::{Raft, RawNode};
use raft::{CAMPAIGN_ELECTION, CAMPAIGN_PRE_ELECTION, CAMPAIGN_TRANSFER};

use crate::bounded_log::BoundedLog;
use crate::cluster::{config, logger, members, proposal, Cluster};
use crate::meter::{Meter, Reading};

/// As many times in one stretch: the clock costs as much as some of these.
const STRETCH: usize = 64;

pub struct Line {
    pub name: String,
    pub run: Box<dyn Fn(f64) -> Reading>, // for so many seconds
}

fn line(name: String, run: impl Fn(f64) -> Reading + 'static) -> Line {
    Line {
        name,
        run: Box::new(run),
    }
}

pub fn all() -> Vec<Line> {
    let mut lines = Vec::new();
    for (voters, learners) in [(0, 0), (3, 1), (5, 2), (7, 3)] {
        lines.push(line(
            format!("Raft::new ({voters}, {learners})"),
            move |seconds| new(voters, learners, seconds),
        ));
        for (kind, name) in [
            (CAMPAIGN_PRE_ELECTION, "CampaignPreElection"),
            (CAMPAIGN_ELECTION, "CampaignElection"),
            (CAMPAIGN_TRANSFER, "CampaignTransfer"),
        ] {
            if voters == 0 {
                continue;
            }
            lines.push(line(
                format!("Raft::campaign ({voters}, {learners}, {name})"),
                move |seconds| campaign(voters, learners, kind, seconds),
            ));
        }
    }
    for (name, bytes) in [("32", 32), ("4K", 4096)] {
        lines.push(line(
            format!("RawNode::leader_propose/{name}"),
            move |seconds| leader_propose(bytes, seconds),
        ));
    }
    lines.push(line(
        "RawNode::ready/Default".to_string(),
        propose_and_ready,
    ));
    for voters in [1, 3, 5] {
        for bytes in [32, 256, 4096] {
            for batch in [1, 64] {
                let name =
                    format!("propose_to_applied/voters:{voters}/bytes:{bytes}/batch:{batch}");
                lines.push(line(name, move |seconds| {
                    propose_to_applied(voters, bytes, batch, seconds)
                }));
            }
        }
    }
    lines
}

fn quick_raft(voters: u64, learners: u64) -> Raft<BoundedLog> {
    let log = BoundedLog::new(members(voters, learners));
    Raft::new(&config(1), log, &logger()).unwrap()
}

fn new(voters: u64, learners: u64, seconds: f64) -> Reading {
    let mut meter = Meter::default();
    let logger = logger();
    while meter.seconds() < seconds {
        let logs: Vec<BoundedLog> = (0..STRETCH)
            .map(|_| BoundedLog::new(members(voters, learners)))
            .collect();
        meter.stretch(STRETCH as u64, || {
            for log in logs {
                black_box(Raft::new(&config(1), log, &logger).unwrap());
            }
        });
    }
    meter.reading()
}

fn campaign(voters: u64, learners: u64, kind: &'static [u8], seconds: f64) -> Reading {
    let mut meter = Meter::default();
    while meter.seconds() < seconds {
        let mut rafts: Vec<_> = (0..STRETCH).map(|_| quick_raft(voters, learners)).collect();
        meter.stretch(STRETCH as u64, || {
            for raft in rafts.iter_mut() {
                raft.campaign(kind);
            }
        });
    }
    meter.reading()
}

/// One voter appends a command; the Readys are taken outside of the measurement.
fn leader_propose(bytes: usize, seconds: f64) -> Reading {
    let mut meter = Meter::default();
    let mut cluster = Cluster::elected(1);
    while meter.seconds() < seconds {
        let commands: Vec<_> = (0..STRETCH).map(|_| vec![b'x'; bytes]).collect();
        let leader = cluster.leader();
        meter.stretch(STRETCH as u64, || {
            for command in commands {
                leader.propose(Vec::new(), command).unwrap();
            }
        });
        cluster.run_all();
    }
    meter.reading()
}

/// 100 commands of 32 KiB, from their proposal to the Ready that has them, 100 messages with one
/// each, and the 100 committed before.
fn propose_and_ready(seconds: f64) -> Reading {
    const COUNT: usize = 100;
    let command = Bytes::from(vec![b'x'; 32 << 10]);
    let mut meter = Meter::default();
    while meter.seconds() < seconds {
        let mut node = two_voters_with_uncommitted(&command, COUNT);
        acknowledge(&mut node);
        let mut measured = None;
        meter.stretch(1, || {
            for _ in 0..COUNT {
                node.step(proposal(&command)).unwrap();
            }
            measured = Some(node.ready());
        });
        let ready = measured.unwrap();
        assert!(ready.messages().len() >= COUNT && ready.entries().len() == COUNT);
        assert!(ready.committed_entries().len() >= COUNT);
    }
    meter.reading()
}

fn two_voters_with_uncommitted(command: &Bytes, count: usize) -> RawNode<BoundedLog> {
    let mut settings = config(1);
    settings.max_size_per_msg = 0; // one entry per message
    settings.batch_append = false;
    settings.pre_vote = false;
    let mut node = RawNode::new(&settings, BoundedLog::new(members(2, 0)), &logger()).unwrap();
    node.campaign().unwrap();
    persist(&mut node);
    let mut vote = message(MessageType::MsgRequestVoteResponse, &node);
    vote.index = 0;
    node.step(vote).unwrap();
    persist(&mut node);
    acknowledge(&mut node);
    persist(&mut node);
    for _ in 0..count {
        node.step(proposal(command)).unwrap();
    }
    persist(&mut node);
    node
}

fn message(kind: MessageType, node: &RawNode<BoundedLog>) -> Message {
    let mut message = Message::default();
    message.set_msg_type(kind);
    message.from = 2;
    message.to = 1;
    message.term = node.raft.term;
    message.index = node.raft.raft_log.last_index();
    message
}

fn acknowledge(node: &mut RawNode<BoundedLog>) {
    let response = message(MessageType::MsgAppendResponse, node);
    node.step(response).unwrap();
}

fn persist(node: &mut RawNode<BoundedLog>) {
    let mut ready = node.ready();
    if let Some(state) = ready.hs() {
        let state = state.clone();
        node.mut_store().set_hard_state(state);
    }
    node.mut_store().write(ready.take_entries());
    let light = node.advance(ready);
    if let Some(commit) = light.commit_index() {
        node.mut_store().set_commit(commit);
    }
    node.advance_apply();
}

fn propose_to_applied(voters: u64, bytes: usize, batch: usize, seconds: f64) -> Reading {
    let mut cluster = Cluster::elected(voters);
    let command = Bytes::from(vec![b'x'; bytes]);
    for _ in 0..2_000 {
        cluster.commit(&command, 1);
    }
    for _ in 0..100 {
        cluster.commit(&command, batch);
    }
    let before = cluster.applied();
    let mut meter = Meter::default();
    while meter.seconds() < seconds {
        meter.stretch(STRETCH as u64, || {
            for _ in 0..STRETCH {
                cluster.commit(&command, batch);
            }
        });
    }
    let reading = meter.reading();
    assert_eq!(
        cluster.applied() - before,
        reading.iterations * batch as u64
    );
    reading
}
