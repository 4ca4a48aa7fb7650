//===- Translations.cpp - --hdpa-to-stream and --stream-to-hdpa -----------===//

#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "hdp/Target/CommandStream.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

void hdp::registerCommandStreamTranslations() {
  static llvm::cl::opt<std::string> program(
      "hdpa-program",
      llvm::cl::desc("--hdpa-to-stream: the program to write, where a module "
                     "has several"),
      llvm::cl::value_desc("NAME"));
  static TranslateFromMLIRRegistration toStream(
      "hdpa-to-stream",
      "write an hdpa.program of a module as command stream, without host code",
      [](Operation *op, raw_ostream &os) {
        return exportCommandStream(op, os, program);
      },
      [](DialectRegistry &registry) {
        registry.insert<hdpa::HDPADialect>();
        registerAllDialects(registry); // of host code
      });
  static TranslateToMLIRRegistration toMLIR(
      "stream-to-hdpa", "read a command stream as module with an hdpa.program",
      [](llvm::SourceMgr &sources, MLIRContext *context) {
        const llvm::MemoryBuffer *buffer =
            sources.getMemoryBuffer(sources.getMainFileID());
        return OwningOpRef<Operation *>(importCommandStream(
            buffer->getBuffer(), buffer->getBufferIdentifier(), context));
      },
      [](DialectRegistry &registry) { registry.insert<hdpa::HDPADialect>(); });
}
