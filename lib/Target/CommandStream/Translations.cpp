//===- Translations.cpp - --hdpa-to-stream and --stream-to-hdpa -----------===//

#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "hdp/Target/CommandStream.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

void hdp::registerCommandStreamTranslations() {
  static TranslateFromMLIRRegistration toStream(
      "hdpa-to-stream", "write the hdpa.program of a module as command stream",
      [](Operation *op, raw_ostream &os) {
        return exportCommandStream(op, os);
      },
      [](DialectRegistry &registry) { registry.insert<hdpa::HDPADialect>(); });
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
