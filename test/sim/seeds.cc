#include "test/sim/seeds.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <vector>

#include "pkg/base/check.h"

namespace baton::sim {
namespace {

constexpr unsigned kSeedSecondsMax = 120;  // of real time; beyond, a node goes round in circles
constexpr size_t kWordsMax = 16 << 10;

// What a worker writes after each seed; small enough for one write to a pipe.
struct Note {
  uint64_t seed = 0;
  Report report;
};
static_assert(sizeof(Note) < 4096);
static_assert(std::is_trivially_copyable_v<Note>);

// A process that runs seeds as they are handed to it, one after the other.
class Worker {
 public:
  ~Worker() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    CloseAll();
  }
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // `run`: runs a seed, in the process of the worker.
  void Give(uint64_t seed, const std::function<Report(uint64_t)>& run) {
    if (pid_ <= 0) Start(run);
    seed_ = seed;
    words_from_ = lseek(words_, 0, SEEK_END);
    busy_ = true;
    (void)!write(to_worker_, &seed, sizeof(seed));  // fails: Take() will see that nobody answers
  }
  bool busy() const { return busy_; }
  int fd() const { return from_worker_; }

  // After fd() has become readable or was closed.
  SeedResult Take() {
    busy_ = false;
    SeedResult result;
    result.seed = seed_;
    Note note;
    if (read(from_worker_, &note, sizeof(note)) == static_cast<ssize_t>(sizeof(note))) {
      CHECK_EQ(note.seed, seed_);
      result.held = true;
      result.report = note.report;
      return result;
    }
    int how = 0;
    waitpid(pid_, &how, 0);
    pid_ = 0;
    result.why = Words();
    if (WIFSIGNALED(how) && WTERMSIG(how) == SIGALRM) {
      result.why += "it took more than " + std::to_string(kSeedSecondsMax) + " s\n";
    }
    CloseAll();
    return result;
  }

 private:
  void Start(const std::function<Report(uint64_t)>& run) {
    int seeds[2];
    int notes[2];
    CHECK(pipe(seeds) == 0 && pipe(notes) == 0) << "no pipe";
    words_ = memfd_create("words", MFD_CLOEXEC);
    CHECK_GE(words_, 0);
    std::fflush(nullptr);
    pid_ = fork();
    CHECK_GE(pid_, 0) << "no process";
    if (pid_ == 0) {
      close(seeds[1]);
      close(notes[0]);
      dup2(words_, STDERR_FILENO);
      Work(seeds[0], notes[1], run);
    }
    close(seeds[0]);
    close(notes[1]);
    to_worker_ = seeds[1];
    from_worker_ = notes[0];
  }

  [[noreturn]] static void Work(int seeds, int notes, const std::function<Report(uint64_t)>& run) {
    uint64_t seed = 0;
    while (read(seeds, &seed, sizeof(seed)) == static_cast<ssize_t>(sizeof(seed))) {
      alarm(kSeedSecondsMax);
      const Note note{seed, run(seed)};
      alarm(0);
      if (write(notes, &note, sizeof(note)) != static_cast<ssize_t>(sizeof(note))) break;
    }
    _exit(0);
  }

  // What the seed said: its beginning, which tells the kind of failure, and its end.
  std::string Words() const {
    const off_t end = lseek(words_, 0, SEEK_END);
    if (end - words_from_ <= static_cast<off_t>(kWordsMax)) return WordsIn(words_from_, end);
    const auto half = static_cast<off_t>(kWordsMax / 2);
    return WordsIn(words_from_, words_from_ + half) + "\n...\n" + WordsIn(end - half, end);
  }

  std::string WordsIn(off_t from, off_t to) const {
    std::string words(static_cast<size_t>(to - from), '\0');
    const ssize_t got = pread(words_, words.data(), words.size(), from);
    words.resize(static_cast<size_t>(std::max<ssize_t>(0, got)));
    return words;
  }

  void CloseAll() {
    for (int* fd : {&to_worker_, &from_worker_, &words_}) {
      if (*fd >= 0) close(*fd);
      *fd = -1;
    }
  }

  pid_t pid_ = 0;
  int to_worker_ = -1;
  int from_worker_ = -1;
  int words_ = -1;
  off_t words_from_ = 0;  // of this seed
  uint64_t seed_ = 0;
  bool busy_ = false;
};

}  // namespace

SeedResult RunApart(const Plan& plan, const HistoryCallback& history) {
  Worker worker;
  worker.Give(plan.seed, [&](uint64_t) { return Run(plan, nullptr, history); });
  return worker.Take();
}

std::string LastLines(const Plan& plan, size_t lines_max) {
  Worker worker;
  worker.Give(plan.seed, [&](uint64_t) {
    return Run(plan, [](const std::string& line) { std::cerr << line << "\n"; });
  });
  const std::string all = worker.Take().why;
  size_t from = all.size();
  for (size_t lines = 0; lines <= lines_max && from != std::string::npos && from > 0; ++lines) {
    from = all.rfind('\n', from - 1);
  }
  return from == std::string::npos ? all : all.substr(from + 1);
}

void RunSeeds(uint64_t first, uint64_t count, int processes,
              const std::function<bool(const SeedResult&)>& each) {
  std::signal(SIGPIPE, SIG_IGN);  // a worker that died between seeds is noticed by its silence
  std::vector<Worker> workers(static_cast<size_t>(processes));
  const auto run = [](uint64_t seed) { return Run(Draw(seed)); };
  uint64_t given = 0;
  bool go_on = true;
  while (true) {
    std::vector<pollfd> waiting;
    for (Worker& worker : workers) {
      if (!worker.busy() && go_on && given < count) worker.Give(first + given++, run);
      if (worker.busy()) waiting.push_back({worker.fd(), POLLIN, 0});
    }
    if (waiting.empty()) return;
    if (poll(waiting.data(), waiting.size(), -1) < 0) continue;
    for (const pollfd& ready : waiting) {
      if (ready.revents == 0) continue;
      const auto worker = std::find_if(workers.begin(), workers.end(), [&](const Worker& w) {
        return w.busy() && w.fd() == ready.fd;
      });
      const SeedResult result = worker->Take();
      go_on = each(result) && go_on;
    }
  }
}

std::string KindOf(const std::string& why) {
  std::string kind;
  for (const char c : why) {
    if (kind.size() >= 160) break;
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) kind += c;
  }
  return kind;
}

}  // namespace baton::sim
