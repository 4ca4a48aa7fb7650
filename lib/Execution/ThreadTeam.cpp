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
  explicit ThreadTeam(unsigned count);
  ~ThreadTeam();
  void run(llvm::function_ref<void(unsigned)> part);

  const unsigned count; ///< threads, the caller among them, and parts

private:
  /// How many numbers there are, in the upper half, and the next one. An
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

  /// More threads than cores would spin in each other's way.
  const bool spins;
  std::mutex mutex;
  std::condition_variable wake, end;
  std::atomic<uint64_t> ticket{0};
  std::atomic<unsigned> finished{0}, sleepers{0};
  std::atomic<bool> isWaiting{false}, isOver{false};

  // Of the call.
  const llvm::function_ref<void(unsigned)> *part = nullptr;
  std::fenv_t environment;

  std::vector<std::thread> threads;
};
} // namespace

// All cores count, not those of this thread, which may be pinned to one.
ThreadTeam::ThreadTeam(unsigned count)
    : count(count), spins(long(count) <= sysconf(_SC_NPROCESSORS_ONLN)) {
  for (unsigned i = 1; i < count; ++i)
    threads.emplace_back([this] { help(); });
}

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
  if (finished.fetch_add(1) + 1 == count && isWaiting.load()) {
    std::lock_guard<std::mutex> lock(mutex);
    end.notify_one();
  }
  return true;
}

/// What a thread of the team does.
void ThreadTeam::help() {
  auto isNeeded = [this] { return hasWork() || isOver.load(); };
  while (!isOver.load()) {
    if (runOne(/*isHelper=*/true) || (spins && spinUntil(isNeeded)))
      continue;
    std::unique_lock<std::mutex> lock(mutex);
    // Announced before it looks again, so no call is missed.
    ++sleepers;
    wake.wait(lock, isNeeded);
    --sleepers;
  }
}

void ThreadTeam::run(llvm::function_ref<void(unsigned)> newPart) {
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
    for (std::unique_ptr<ThreadTeam> &candidate : idle.teams)
      if (candidate->count == count) {
        team = std::move(candidate);
        std::swap(candidate, idle.teams.back());
        idle.teams.pop_back();
        break;
      }
  }
  if (!team)
    team = std::make_unique<ThreadTeam>(count);
  team->run(part);
  std::lock_guard<std::mutex> lock(idle.mutex);
  idle.teams.push_back(std::move(team));
}
