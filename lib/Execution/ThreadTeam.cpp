//===- ThreadTeam.cpp - spinning for work, then sleeping ------------------===//
//
// One word says which numbers are still to be taken. A call publishes it,
// threads take from it by compare-and-exchange, and what belongs to a call is
// read behind a successful exchange only: the call cannot end before that part
// has.
//
//===----------------------------------------------------------------------===//

#include "ThreadTeam.h"
#include <atomic>
#include <cfenv>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

using namespace hdp;
using Clock = std::chrono::steady_clock;

/// How long a thread looks for work, or for the end of others' work, before it
/// sleeps: the time that two wake-ups take.
static constexpr std::chrono::microseconds kSpin(100);

static void pauseProcessor() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

/// Waits for a condition that another thread makes true; false if it did not
/// within `kSpin`.
template <typename Condition> static bool spinUntil(Condition condition) {
  Clock::time_point end = Clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (condition())
        return true;
      pauseProcessor();
    }
    // Who is waited for may need this core.
    std::this_thread::yield();
  } while (Clock::now() < end);
  return condition();
}

namespace {
class ThreadTeam {
public:
  ~ThreadTeam();
  void run(unsigned count, llvm::function_ref<void(unsigned)> part);

private:
  /// How many numbers the call has, in the upper half, and the next one. An
  /// exchange that succeeds takes a number of the call that there is then,
  /// whichever the word was read from.
  struct Ticket {
    explicit Ticket(uint64_t word) : word(word) {}
    unsigned count() const { return static_cast<unsigned>(word >> 32); }
    unsigned next() const { return static_cast<unsigned>(word); }
    bool hasWork() const { return next() < count(); }
    uint64_t word;
  };

  bool runOne(bool isHelper);
  void help();
  bool hasWork() { return Ticket(ticket.load()).hasWork(); }
  bool isFinished() { return finished.load() == count; }

  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable wake, end;
  std::atomic<uint64_t> ticket{0};
  std::atomic<unsigned> finished{0}, sleepers{0};
  std::atomic<bool> isWaiting{false}, isOver{false}, spins{true};

  // Of the call.
  unsigned count = 0;
  const llvm::function_ref<void(unsigned)> *part = nullptr;
  std::fenv_t environment;
};
} // namespace

ThreadTeam::~ThreadTeam() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    isOver = true;
  }
  wake.notify_all();
  for (std::thread &thread : threads)
    thread.join();
}

/// Takes a number and does its part; false if there is none.
bool ThreadTeam::runOne(bool isHelper) {
  Ticket mine(ticket.load());
  do
    if (!mine.hasWork())
      return false;
  while (!ticket.compare_exchange_weak(mine.word, mine.word + 1));
  if (isHelper)
    std::fesetenv(&environment);
  (*part)(mine.next());
  // Behind the last one the caller may begin another call.
  unsigned parts = mine.count();
  if (finished.fetch_add(1) + 1 == parts && isWaiting.load()) {
    std::lock_guard<std::mutex> lock(mutex);
    end.notify_one();
  }
  return true;
}

/// What a thread of the team does.
void ThreadTeam::help() {
  auto isNeeded = [this] { return hasWork() || isOver.load(); };
  while (!isOver.load()) {
    if (runOne(/*isHelper=*/true) || (spins.load() && spinUntil(isNeeded)))
      continue;
    std::unique_lock<std::mutex> lock(mutex);
    // Announced before it looks again, so no call is missed.
    ++sleepers;
    wake.wait(lock, isNeeded);
    --sleepers;
  }
}

void ThreadTeam::run(unsigned newCount,
                     llvm::function_ref<void(unsigned)> newPart) {
  while (threads.size() + 1 < newCount) {
    // More threads than cores would spin in each other's way. Not the cores of
    // this thread, which may be pinned to one.
    spins = long(threads.size()) + 2 <= sysconf(_SC_NPROCESSORS_ONLN);
    threads.emplace_back([this] { help(); });
  }
  count = newCount;
  part = &newPart;
  std::fegetenv(&environment);
  finished = 0;
  ticket = uint64_t(count) << 32;
  if (sleepers.load() > 0) {
    {
      std::lock_guard<std::mutex> lock(mutex);
    }
    wake.notify_all();
  }
  while (runOne(/*isHelper=*/false))
    ;
  auto isDone = [this] { return isFinished(); };
  if (spinUntil(isDone))
    return;
  std::unique_lock<std::mutex> lock(mutex);
  isWaiting = true;
  end.wait(lock, isDone);
  isWaiting = false;
}

//===----------------------------------------------------------------------===//
// A team for every call at a time
//===----------------------------------------------------------------------===//

namespace {
struct IdleTeams {
  std::mutex mutex;
  std::vector<std::unique_ptr<ThreadTeam>> teams;
};
} // namespace

void hdp::runParts(unsigned count, llvm::function_ref<void(unsigned)> part) {
  static IdleTeams idle;
  std::unique_ptr<ThreadTeam> team;
  {
    std::lock_guard<std::mutex> lock(idle.mutex);
    if (!idle.teams.empty()) {
      team = std::move(idle.teams.back());
      idle.teams.pop_back();
    }
  }
  if (!team)
    team = std::make_unique<ThreadTeam>();
  team->run(count, part);
  std::lock_guard<std::mutex> lock(idle.mutex);
  idle.teams.push_back(std::move(team));
}
