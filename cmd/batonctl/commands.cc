#include "cmd/batonctl/commands.h"

#include <vector>

#include "cmd/batonctl/bench.h"

namespace baton::batonctl {
namespace {

constexpr OptionSpec kIfRevision = {
    "if-revision", "N", "only when the key's last change was revision N; otherwise exit 1"};
constexpr OptionSpec kLock = {"lock", "NAME", "the key is guarded by this lock (with --token)"};
constexpr OptionSpec kToken = {"token", "N", "the fencing token that shows that the lock is held"};
constexpr OptionSpec kStale = {"stale", "", "what the asked node has, without asking the others"};
constexpr OptionSpec kLimit = {"limit", "N", "at most so many; default 10000"};
constexpr OptionSpec kTtl = {"ttl", "DURATION",
                             "how long the session lives without a sign of life; default 15s"};
constexpr OptionSpec kWait = {
    "wait", "DURATION", "how long to wait for the turn; 0s: do not wait; without it: for ever"};
constexpr OptionSpec kGrace = {"grace", "DURATION",
                               "between SIGTERM and SIGKILL for a command that lost its "
                               "permission; default a quarter of the TTL"};

std::vector<CommandSpec> StatusCommands() {
  return {
      {.name = "status",
       .synopsis = "",
       .summary = "shows each node: who leads, how far they are",
       .details = "Asks every endpoint, each for itself. Exit 3 when none answers.\n"
                  "\n"
                  "  batonctl status\n"
                  "  batonctl status --output json\n",
       .options = {},
       .run = RunStatus},
      {.name = "version",
       .synopsis = "",
       .summary = "prints the version of batonctl and of the node that answers",
       .details = "  batonctl version\n",
       .options = {},
       .run = RunVersion},
  };
}

std::vector<CommandSpec> KvCommands() {
  return {
      {.name = "kv get",
       .synopsis = "KEY",
       .summary = "prints the value of a key",
       .details = "Prints the bytes as they are, with nothing added. Exit 1 when there is no such "
                  "key.\n"
                  "\n"
                  "  batonctl kv get config/color\n"
                  "  batonctl kv get config/color --output json    (with revisions and owner)\n",
       .options = {kStale},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunKvGet},
      {.name = "kv put",
       .synopsis = "KEY VALUE|-",
       .summary = "writes a key",
       .details = "\"-\" reads the value from standard input.\n"
                  "\n"
                  "  batonctl kv put config/color green\n"
                  "  batonctl kv put config/file - < file\n"
                  "  batonctl kv put config/color red --if-absent\n"
                  "  batonctl kv put config/color blue --if-revision 12\n"
                  "  batonctl kv put report done --lock nightly --token $BATON_FENCING_TOKEN\n",
       .options = {{"if-absent", "", "only when there is no such key; otherwise exit 1"},
                   kIfRevision,
                   {"session", "ID", "the key is deleted when this session ends"},
                   kLock,
                   kToken},
       .positionals_min = 2,
       .positionals_max = 2,
       .run = RunKvPut},
      {.name = "kv del",
       .synopsis = "KEY",
       .summary = "deletes a key",
       .details = "Exit 1 when there is no such key.\n"
                  "\n"
                  "  batonctl kv del config/color\n",
       .options = {kIfRevision, kLock, kToken},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunKvDelete},
      {.name = "kv list",
       .synopsis = "[PREFIX]",
       .summary = "lists the keys that begin with a prefix",
       .details = "  batonctl kv list config/\n"
                  "  batonctl kv list --limit 10\n",
       .options = {kLimit, kStale},
       .positionals_max = 1,
       .run = RunKvList},
      {.name = "kv watch",
       .synopsis = "[PREFIX]",
       .summary = "prints every change of the keys that begin with a prefix, as it happens",
       .details = "Goes on at another node when one stops, without losing a change. Ends with "
                  "Ctrl-C.\n"
                  "\n"
                  "  batonctl kv watch config/\n"
                  "  batonctl kv watch config/ --from 100 --count 1\n",
       .options = {{"from", "REVISION", "begin with this revision; without it: with the next one"},
                   {"count", "N", "end after so many changes"}},
       .positionals_max = 1,
       .run = RunKvWatch},
  };
}

std::vector<CommandSpec> SessionCommands() {
  return {
      {.name = "session create",
       .synopsis = "",
       .summary = "creates a session and prints its id",
       .details = "A session that gets no keepalive for its TTL ends; its locks are handed on, its "
                  "keys\nare deleted.\n"
                  "\n"
                  "  id=$(batonctl session create --ttl 60s --name backup)\n",
       .options = {kTtl, {"name", "NAME", "shown to others"}},
       .run = RunSessionCreate},
      {.name = "session list",
       .synopsis = "",
       .summary = "lists the live sessions",
       .details = "  batonctl session list\n",
       .options = {kLimit},
       .run = RunSessionList},
      {.name = "session get",
       .synopsis = "ID",
       .summary = "shows a session",
       .details = "  batonctl session get 5f0c6a7e1d2b3c4d\n",
       .options = {},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunSessionGet},
      {.name = "session keepalive",
       .synopsis = "ID",
       .summary = "keeps a session alive for another TTL",
       .details = "Exit 1 when it has ended.\n"
                  "\n"
                  "  while batonctl session keepalive $id; do sleep 5; done\n",
       .options = {},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunSessionKeepAlive},
      {.name = "session destroy",
       .synopsis = "ID",
       .summary = "ends a session and all that it holds",
       .details = "  batonctl session destroy 5f0c6a7e1d2b3c4d\n",
       .options = {},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunSessionDestroy},
  };
}

std::vector<CommandSpec> HoldCommands() {
  return {
      {.name = "lock",
       .synopsis = "NAME [-- COMMAND...]",
       .summary = "runs a command under a lock, or holds the lock until Ctrl-C",
       .details =
           "The command finds the fencing token in BATON_FENCING_TOKEN, and BATON_LOCK_NAME and\n"
           "BATON_SESSION. Hand the token to whatever the lock protects. Signals are passed on. "
           "When\n"
           "the session cannot be kept alive the command gets SIGTERM, then SIGKILL, before "
           "anybody\n"
           "else can get the lock; batonctl exits with 125. Otherwise its exit code is the "
           "command's,\n"
           "or 3 when that is 0 and the lock could not be given back.\n"
           "\n"
           "Without a command the token is printed and the lock held until SIGINT or SIGTERM.\n"
           "\n"
           "  batonctl lock nightly-report -- ./report.sh\n"
           "  batonctl lock nightly-report --wait 0s -- ./report.sh   (exit 1 when it is held)\n"
           "  batonctl lock nightly-report --wait 5m --ttl 30s -- ./report.sh\n",
       .options = {kWait, kTtl, kGrace, {"value", "TEXT", "shown to others: who has it"}},
       .positionals_min = 1,
       .positionals_max = 1,
       .takes_command = true,
       .run = RunLock},
      {.name = "elect",
       .synopsis = "NAME [-- COMMAND...]",
       .summary = "runs a command as the elected leader, or leads until Ctrl-C",
       .details =
           "Like lock, for an election: the others see --value, and BATON_ELECTION_NAME takes the\n"
           "place of BATON_LOCK_NAME.\n"
           "\n"
           "  batonctl elect scheduler --value $HOSTNAME -- ./scheduler\n",
       .options = {kWait, kTtl, kGrace, {"value", "TEXT", "what the leader proclaims"}},
       .positionals_min = 1,
       .positionals_max = 1,
       .takes_command = true,
       .run = RunElect},
  };
}

std::vector<CommandSpec> HistoryCommands() {
  return {
      {.name = "compact",
       .synopsis = "REVISION",
       .summary = "forgets the changes up to a revision, so that no watch can begin from them",
       .details = "Keys and locks are untouched. The cluster does it by itself, by the settings\n"
                  "history-revisions-max and history-age-max-ms of batond. Exit 1 when there is no "
                  "such\nrevision yet.\n"
                  "\n"
                  "  batonctl compact 1200\n",
       .options = {},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunCompact},
  };
}

std::vector<CommandSpec> SnapshotCommands() {
  return {
      {.name = "snapshot save",
       .synopsis = "FILE",
       .summary = "takes a backup of the cluster into a file",
       .details =
           "The file is checked while it comes, and is there only when it is whole and on disk; "
           "until\nthen it is FILE.part. Exit 3 when the download was cut: take it again.\n"
           "\n"
           "  batonctl snapshot save baton.backup\n"
           "  batonctl snapshot save /backups/baton-$(date +%F).backup --stale\n",
       .options = {{"force", "", "replace FILE when it exists"}, kStale},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunSnapshotSave},
      {.name = "snapshot inspect",
       .synopsis = "FILE",
       .summary = "checks a backup and shows what it holds",
       .details = "Exit 1 when it is cut or damaged. Equal states have equal state hashes.\n"
                  "\n"
                  "  batonctl snapshot inspect baton.backup\n"
                  "  batonctl snapshot inspect baton.backup --output json\n",
       .options = {},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunSnapshotInspect},
      {.name = "snapshot restore",
       .synopsis = "FILE --data-dir DIR --node-id N --initial-cluster ID=HOST:PORT,...",
       .summary = "makes the data directory of one node of a new cluster out of a backup",
       .details =
           "Run it for every node, with the same arguments but --data-dir and --node-id, before "
           "any of\nthem is started. It prints the id of the new cluster, which batond is given "
           "as --cluster-id:\nnodes with equal arguments get equal ids.\n"
           "\n"
           "Keys are kept. Sessions, locks and elections of the old cluster end; their tokens are "
           "refused.\nRevisions and fencing tokens go on far beyond those of the backup, so that "
           "none comes twice,\nalthough the old cluster went on after it.\n"
           "\n"
           "  batonctl snapshot restore baton.backup --data-dir /var/lib/baton --node-id 1 \\\n"
           "    --initial-cluster 1=a:7401,2=b:7401,3=c:7401\n",
       .options = {{"data-dir", "DIR", "must be empty or not exist yet"},
                   {"node-id", "N", "which of the members this is"},
                   {"initial-cluster", "LIST", "all members, as batond will be told them"},
                   {"cluster-id", "ID",
                    "16 hexadecimal digits; give one, the same for all nodes, when a backup is "
                    "restored again"},
                   {"revision-step", "N",
                    "how far revisions and tokens go on: more than the old cluster did since the "
                    "backup; default 1000000000"}},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunSnapshotRestore},
  };
}

std::vector<CommandSpec> DataCommands() {
  return {
      {.name = "data verify",
       .synopsis = "DIR",
       .summary = "checks the data directory of a node that is stopped, and changes nothing in it",
       .details =
           "Reads everything: whose it is, the watermark of what was acknowledged, the "
           "write-ahead\n"
           "files, every entry of the log and every row of the state, with their checksums and\n"
           "without a gap. One line per part: ok, or where it is damaged, what that means and what "
           "to\ndo. Asks no node. Exit 0: whole; 1: damaged; 2: it cannot be looked at, because a "
           "node\nruns on it, a newer Baton wrote it, or it is no data directory.\n"
           "docs/repair.md has more.\n"
           "\n"
           "  batonctl data verify /var/lib/baton\n"
           "  batonctl data verify /var/lib/baton --output json\n",
       .options = {},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunDataVerify},
      {.name = "data dump",
       .synopsis = "DIR",
       .summary = "prints what is in the data directory of a node that is stopped",
       .details =
           "One fact per line: the identity, the watermark, term, vote and commit index, where "
           "the\n"
           "log starts and with which members, then each entry of the log with its command. "
           "Bytes\nthat are not text come as base64 in fields that end in _b64. Changes nothing "
           "and asks no\nnode. What cannot be read is an \"error\" in its line, and the exit code "
           "is 1.\n"
           "\n"
           "  batonctl data dump /var/lib/baton\n"
           "  batonctl data dump /var/lib/baton --from 100 --to 199\n"
           "  batonctl data dump /var/lib/baton --state --output json | grep '\"table\":\"kv\"'\n",
       .options = {{"from", "INDEX", "begin with this entry of the log"},
                   {"to", "INDEX", "end with this entry of the log"},
                   {"state", "", "the rows of the state, too: keys, sessions, locks, ..."}},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunDataDump},
  };
}

std::vector<CommandSpec> MemberCommands() {
  return {
      {.name = "member list",
       .synopsis = "",
       .summary = "shows who takes part in the cluster, and who waits to be added",
       .details = "  batonctl member list\n",
       .options = {},
       .run = RunMemberList},
      {.name = "member add",
       .synopsis = "NAME [--promote]",
       .summary = "adds a node that waits to be added, as a learner",
       .details = "A learner receives everything and has no vote. Number and address of the node "
                  "are what it\nhas told its peers itself; the options are for one that has not. "
                  "docs/members.md has more.\n"
                  "\n"
                  "  batonctl member add baton-3 --promote\n",
       .options = {{"promote", "", "wait until it has caught up, and make it a voter then"},
                   {"wait", "DURATION",
                    "how long to wait for it, and for the node to say that it waits"},
                   {"id", "N", "the number of the node"},
                   {"address", "HOST:PORT", "where its peers reach it"},
                   {"client-url", "URL", "where clients reach it"}},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunMemberAdd},
      {.name = "member promote",
       .synopsis = "NAME|ID",
       .summary = "makes a learner that has caught up a voter",
       .details = "  batonctl member promote baton-3\n",
       .options = {{"wait", "DURATION", "how long to wait until it has caught up; default 0s"}},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunMemberPromote},
      {.name = "member remove",
       .synopsis = "NAME|ID",
       .summary = "removes a member from the cluster",
       .details = "If it leads, it hands the leadership over first. Refused when too few of the "
                  "voters that\nremain answer.\n"
                  "\n"
                  "  batonctl member remove baton-4\n",
       .options = {},
       .positionals_min = 1,
       .positionals_max = 1,
       .run = RunMemberRemove},
      {.name = "member transfer",
       .synopsis = "[NAME|ID]",
       .summary = "has the leader hand over, to this member or to the best one",
       .details = "  batonctl member transfer baton-1\n"
                  "  batonctl member transfer --drain --pause 5s --endpoints "
                  "http://127.0.0.1:7400\n",
       .options = {{"drain", "",
                    "of a node that is about to stop: it is asked itself, is not ready from now "
                    "on, and that it does not lead is what is wanted"},
                   {"pause", "DURATION",
                    "with --drain: return only after it, so that the node still serves until "
                    "nobody is sent to it any more; default 0s"}},
       .positionals_min = 0,
       .positionals_max = 1,
       .run = RunMemberTransfer},
  };
}

}  // namespace

std::span<const CommandSpec> AllCommands() {
  static const std::vector<CommandSpec> commands = [] {
    std::vector<CommandSpec> all;
    for (const auto& group :
         {StatusCommands(), KvCommands(), SessionCommands(), HoldCommands(), MemberCommands(),
          HistoryCommands(), SnapshotCommands(), DataCommands(), BenchCommands()}) {
      all.insert(all.end(), group.begin(), group.end());
    }
    return all;
  }();
  return commands;
}

}  // namespace baton::batonctl
