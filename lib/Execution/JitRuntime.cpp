//===- JitRuntime.cpp - failures and conversions for compiled code --------===//
//
// MLIR lowers cf.assert to `puts(message); abort()`. Here both are ours: the
// message is kept and control jumps back to the call, which frees what the
// code had allocated. Its frames have nothing else to unwind.
//
//===----------------------------------------------------------------------===//

#include "JitRuntime.h"
#include "LaunchRuntime.h"
#include "ThreadTeam.h"
#include "hdp/Support/Error.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/bit.h"
#include <csetjmp>
#include <cstdlib>
#include <cstring>

using namespace hdp;

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

namespace {
/// A call of compiled code that has not returned. It lives in a frame that
/// longjmp does not leave.
struct Invocation {
  Invocation(SiteDispatcher *dispatch, unsigned threads);
  ~Invocation();

  std::jmp_buf resume;
  char message[1024];
  SiteDispatcher *dispatch;
  unsigned threads;
  Invocation *outer;
  /// What the code has allocated and not freed; after a return, its results.
  llvm::DenseSet<void *> buffers;
};
} // namespace

static thread_local Invocation *current = nullptr;

Invocation::Invocation(SiteDispatcher *dispatch, unsigned threads)
    : message{}, dispatch(dispatch), threads(threads), outer(current) {
  current = this;
}

Invocation::~Invocation() { current = outer; }

/// Keeps the first message of an invocation; one line.
static void record(llvm::StringRef message) {
  if (!current || current->message[0])
    return;
  size_t size = std::min(message.size(), sizeof(current->message) - 1);
  std::memcpy(current->message, message.data(), size);
  current->message[size] = 0;
}

static int recordMessage(const char *message) {
  record(llvm::StringRef(message).rtrim());
  return 0;
}

[[noreturn]] static void leave() {
  if (!current)
    std::abort();
  std::longjmp(current->resume, 1);
}

/// malloc of compiled code, which does not look whether it got any.
static void *allocateOrLeave(size_t size) {
  // An empty tensor has an address, too.
  if (void *memory = std::malloc(size ? size : 1)) {
    if (current)
      current->buffers.insert(memory);
    return memory;
  }
  recordMessage("out of memory");
  leave();
}

/// free of compiled code.
static void release(void *memory) {
  if (current)
    current->buffers.erase(memory);
  std::free(memory);
}

/// True if the site was executed.
static bool dispatch(int64_t site, void **descriptors) {
  llvm::Error error = (*current->dispatch)(site, descriptors);
  if (!error)
    return true;
  record(llvm::toString(std::move(error)));
  return false;
}

/// hdp_dispatch_site of compiled code. Nothing here needs a destructor.
static void dispatchOrLeave(int64_t site, void **descriptors) {
  if (!dispatch(site, descriptors))
    leave();
}

/// True if the program ran.
static bool launch(const char *stream, int64_t size, const int64_t *table) {
  llvm::Error error = executeLaunch({stream, size_t(size)}, table);
  if (!error)
    return true;
  record(llvm::toString(std::move(error)));
  return false;
}

/// hdp_launch of compiled code.
static void launchOrLeave(int64_t stream, int64_t size, int64_t table) {
  if (!launch(reinterpret_cast<const char *>(stream), size,
              reinterpret_cast<const int64_t *>(table)))
    leave();
}

/// False if compiled code left by `leave`.
static bool invoke(Invocation &invocation, void (*function)(void **),
                   void **arguments) {
  if (setjmp(invocation.resume)) {
    for (void *memory : invocation.buffers)
      std::free(memory);
    return false;
  }
  function(arguments);
  return true;
}

llvm::Error hdp::invokeGuarded(void (*function)(void **), void **arguments,
                               SiteDispatcher dispatch, unsigned threads) {
  Invocation invocation(&dispatch, std::max(threads, 1u));
  if (invoke(invocation, function, arguments))
    return llvm::Error::success();
  return makeError(invocation.message[0] ? invocation.message
                                         : "the compiled code aborted");
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

namespace {
/// One part of a split kernel.
struct PartCall {
  void (*part)(void *context, int64_t index, int64_t count);
  void *context;
  int64_t index, count;
  char message[1024];
  bool returned;
};
} // namespace

static void callPart(void **arguments) {
  auto *call = reinterpret_cast<PartCall *>(arguments);
  call->part(call->context, call->index, call->count);
}

/// A part may leave, too: only as far as here.
static void runPart(PartCall &call) {
  Invocation invocation(/*dispatch=*/nullptr, /*threads=*/1); // holds no sites
  call.returned =
      invoke(invocation, callPart, reinterpret_cast<void **>(&call));
  std::memcpy(call.message, invocation.message, sizeof(call.message));
}

/// True if all parts returned; else the first message is recorded.
static bool runAllParts(void (*part)(void *, int64_t, int64_t), void *context,
                        int64_t count) {
  std::vector<PartCall> calls(count);
  for (int64_t index = 0; index < count; ++index)
    calls[index] = {part, context, index, count, {}, false};
  runParts(static_cast<unsigned>(count),
           [&](unsigned index) { runPart(calls[index]); });
  for (const PartCall &call : calls)
    if (!call.returned) {
      record(call.message);
      return false;
    }
  return true;
}

/// hdp_threads of compiled code.
static int64_t getNumThreads() { return current ? current->threads : 1; }

/// hdp_parallel of compiled code.
static void runPartsOrLeave(void (*part)(void *, int64_t, int64_t),
                            void *context, int64_t count) {
  if (count == 1)
    return part(context, 0, 1);
  if (!runAllParts(part, context, count))
    leave();
}

//===----------------------------------------------------------------------===//
// Conversions of 16-bit floats
//===----------------------------------------------------------------------===//

/// Rounds `value` to a format with `exponentBits` and `fractionBits`, to
/// nearest even; NaN becomes a quiet one with the same sign.
static uint16_t truncate(double value, unsigned exponentBits,
                         unsigned fractionBits) {
  uint64_t bits = llvm::bit_cast<uint64_t>(value);
  uint16_t sign = static_cast<uint16_t>(bits >> 63 << 15);
  uint64_t magnitude = bits & ~(uint64_t(1) << 63);
  uint64_t infinity = uint64_t(0x7ff) << 52;
  uint16_t targetInfinity =
      static_cast<uint16_t>(((1u << exponentBits) - 1) << fractionBits);
  if (magnitude > infinity)
    return sign | targetInfinity | uint16_t(1u << (fractionBits - 1));
  if (magnitude == infinity)
    return sign | targetInfinity;

  int bias = (1 << (exponentBits - 1)) - 1;
  int exponent = static_cast<int>(magnitude >> 52) - 1023 + bias;
  uint64_t fraction = magnitude & ((uint64_t(1) << 52) - 1);
  unsigned shift = 52 - fractionBits;
  if (exponent <= 0) { // subnormal: the hidden one becomes a bit, shifted
    if (exponent < -static_cast<int>(fractionBits) - 1 || magnitude >> 52 == 0)
      return sign;
    fraction |= uint64_t(1) << 52;
    shift += 1 - exponent;
    exponent = 0;
  }
  uint64_t result = (uint64_t(exponent) << fractionBits) + (fraction >> shift);
  uint64_t rest = fraction & ((uint64_t(1) << shift) - 1);
  uint64_t half = uint64_t(1) << (shift - 1);
  result += rest > half || (rest == half && (result & 1));
  // A carry into the exponent is right; past the largest it is infinity.
  return sign |
         static_cast<uint16_t>(std::min<uint64_t>(result, targetInfinity));
}

uint16_t hdp::truncateToHalf(double value) { return truncate(value, 5, 10); }
uint16_t hdp::truncateToBFloat(double value) { return truncate(value, 8, 7); }

float hdp::extendHalf(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t magnitude = bits & 0x7fff;
  if (magnitude >= 0x7c00) // infinity or NaN
    return llvm::bit_cast<float>(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  if (magnitude >= 0x0400)
    return llvm::bit_cast<float>(sign | ((magnitude << 13) + (112u << 23)));
  float value = static_cast<float>(magnitude) * 0x1p-24f; // exact
  return sign ? -value : value;
}

// A 16-bit float is passed and returned in the low bits of the register that a
// float takes; written so, no compiler support for the types is needed.
static float inRegister(uint16_t bits) {
  return llvm::bit_cast<float>(uint32_t(bits));
}
static uint16_t fromRegister(float value) {
  return static_cast<uint16_t>(llvm::bit_cast<uint32_t>(value));
}
static float truncsfhf2(float x) { return inRegister(truncateToHalf(x)); }
static float truncdfhf2(double x) { return inRegister(truncateToHalf(x)); }
static float truncsfbf2(float x) { return inRegister(truncateToBFloat(x)); }
static float truncdfbf2(double x) { return inRegister(truncateToBFloat(x)); }
static float extendhfsf2(float x) { return extendHalf(fromRegister(x)); }
static double extendhfdf2(float x) { return extendHalf(fromRegister(x)); }

llvm::ArrayRef<std::pair<llvm::StringRef, void *>> hdp::getRuntimeSymbols() {
  using Symbol = std::pair<llvm::StringRef, void *>;
  static const Symbol symbols[] = {
      {"puts", reinterpret_cast<void *>(&recordMessage)},
      {"abort", reinterpret_cast<void *>(&leave)},
      {"malloc", reinterpret_cast<void *>(&allocateOrLeave)},
      {"free", reinterpret_cast<void *>(&release)},
      {"hdp_threads", reinterpret_cast<void *>(&getNumThreads)},
      {"hdp_parallel", reinterpret_cast<void *>(&runPartsOrLeave)},
      {"hdp_dispatch_site", reinterpret_cast<void *>(&dispatchOrLeave)},
      {"hdp_launch", reinterpret_cast<void *>(&launchOrLeave)},
      {"__truncsfhf2", reinterpret_cast<void *>(&truncsfhf2)},
      {"__truncdfhf2", reinterpret_cast<void *>(&truncdfhf2)},
      {"__truncsfbf2", reinterpret_cast<void *>(&truncsfbf2)},
      {"__truncdfbf2", reinterpret_cast<void *>(&truncdfbf2)},
      {"__extendhfsf2", reinterpret_cast<void *>(&extendhfsf2)},
      {"__extendhfdf2", reinterpret_cast<void *>(&extendhfdf2)},
  };
  return symbols;
}
