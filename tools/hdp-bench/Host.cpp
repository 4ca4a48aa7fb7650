//===- Host.cpp - asking the machine what it is ---------------------------===//

#include "Host.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Host.h"
#include <cstdlib>
#include <sched.h>
#include <unistd.h>

using namespace hdp;
using namespace hdp::bench;

bool Host::has(llvm::StringRef instructionSet) const {
  return llvm::is_contained(instructionSets, instructionSet);
}

bool Host::hasAVX512() const {
  return has("avx512f") && has("avx512bw") && has("avx512dq") &&
         has("avx512vl") && has("avx512vnni") && has("fma");
}

bool Host::hasAVX2() const { return has("avx2") && has("fma"); }

/// The model name of /proc/cpuinfo, else LLVM's name of the core.
static std::string findProcessorName() {
  if (auto file = llvm::MemoryBuffer::getFileAsStream("/proc/cpuinfo")) {
    llvm::SmallVector<llvm::StringRef> lines;
    (*file)->getBuffer().split(lines, '\n');
    for (llvm::StringRef line : lines)
      if (line.consume_front("model name"))
        return line.ltrim(" \t:").str() + " (" +
               llvm::sys::getHostCPUName().str() + ")";
  }
  return llvm::sys::getHostCPUName().str();
}

static std::vector<std::string> findInstructionSets() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  std::vector<std::string> found;
  for (llvm::StringRef name :
       {"sse4.2",      "avx",        "avx2",       "fma",        "avxvnni",
        "avx512f",     "avx512bw",   "avx512dq",   "avx512vl",   "avx512vbmi",
        "avx512vbmi2", "avx512vnni", "avx512bf16", "avx512fp16", "amx-tile",
        "amx-int8",    "amx-bf16",   "neon",       "dotprod",    "sve"})
    if (features.lookup(name))
      found.push_back(name.str());
  return found;
}

static std::optional<int64_t> pin(std::optional<int64_t> core) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
    return std::nullopt;
  if (!core)
    for (int64_t c = 0; c < CPU_SETSIZE; ++c)
      if (CPU_ISSET(c, &allowed))
        core = c;
  if (!core || *core < 0 || *core >= CPU_SETSIZE || !CPU_ISSET(*core, &allowed))
    return std::nullopt;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(*core, &one);
  if (sched_setaffinity(0, sizeof(one), &one) != 0)
    return std::nullopt;
  return core;
}

/// What setUpHost found.
static cpu_set_t allCores;

/// The cores that the calling thread may not use but the process could.
static std::optional<cpu_set_t> getOtherCores() {
  cpu_set_t own, others;
  if (sched_getaffinity(0, sizeof(own), &own) != 0)
    return std::nullopt;
  CPU_XOR(&others, &allCores, &own);
  if (CPU_COUNT(&others) == 0)
    return std::nullopt;
  return others;
}

void hdp::bench::leavePinnedCore() {
  if (std::optional<cpu_set_t> others = getOtherCores())
    sched_setaffinity(0, sizeof(*others), &*others);
}

void hdp::bench::spreadThreads() {
  std::optional<cpu_set_t> others = getOtherCores();
  if (!others)
    return;
  pid_t self = gettid();
  std::error_code error;
  for (llvm::sys::fs::directory_iterator task("/proc/self/task", error), end;
       task != end && !error; task.increment(error)) {
    pid_t thread = 0;
    if (!llvm::sys::path::filename(task->path()).getAsInteger(10, thread) &&
        thread != self)
      sched_setaffinity(thread, sizeof(*others), &*others);
  }
}

Host hdp::bench::setUpHost(std::optional<int64_t> core) {
  Host host;
  sched_getaffinity(0, sizeof(allCores), &allCores);
  host.processor = findProcessorName();
  host.instructionSets = findInstructionSets();
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
    host.cores = CPU_COUNT(&allowed);
  double loads[1] = {0};
  if (getloadavg(loads, 1) == 1)
    host.load = loads[0];
  host.core = pin(core);
  for (const char *name :
       {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS", "DNNL_NUM_THREADS"})
    setenv(name, "1", /*overwrite=*/1);
  setenv("MKL_THREADING_LAYER", "SEQUENTIAL", /*overwrite=*/1);
  return host;
}

llvm::json::Object hdp::bench::toJson(const Host &host) {
  llvm::json::Object object{
      {"processor", host.processor},
      {"instruction_sets", llvm::json::Array(host.instructionSets)},
      {"cores", host.cores},
      {"load", host.load}};
  object["core"] =
      host.core ? llvm::json::Value(*host.core) : llvm::json::Value(nullptr);
  return object;
}
