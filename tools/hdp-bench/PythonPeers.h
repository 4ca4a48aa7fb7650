//===- PythonPeers.h - frameworks in a process of their own -----*- C++ -*-===//
//
// PyTorch, ONNX Runtime and OpenVINO are called from Python. They live in one
// process on the same core that waits for commands, line by line, so that they
// take their turn like everybody else: `run N` answers with the seconds of
// processor time that it took.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_PYTHONPEERS_H
#define HDP_TOOLS_HDP_BENCH_PYTHONPEERS_H

#include "hdp/Support/HostTensor.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <memory>

namespace hdp::bench {

class PythonPeers {
public:
  /// Starts `python SCRIPT`, a script that stands beside this program.
  static llvm::Expected<std::unique_ptr<PythonPeers>>
  start(llvm::StringRef python, llvm::StringRef script);
  ~PythonPeers();

  /// Sends a line and gives the answer, a JSON object on one line; an answer
  /// with `error` is one.
  llvm::Expected<llvm::json::Object> ask(llvm::StringRef command);

  /// The seconds that `run N` took.
  llvm::Expected<double> run(int64_t peer);

  /// A file name for tensors to exchange.
  const std::string &getFile() const { return file; }

private:
  PythonPeers() = default;
  int64_t process = 0;
  int toPeer = -1;
  FILE *fromPeer = nullptr;
  std::string file;
};

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_PYTHONPEERS_H
