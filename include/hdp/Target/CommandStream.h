//===- CommandStream.h - hdpa programs to streams and back ------*- C++ -*-===//
//
// The two directions are exact inverses: a stream that is read writes back to
// the same bytes.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TARGET_COMMANDSTREAM_H
#define HDP_TARGET_COMMANDSTREAM_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/raw_ostream.h"

namespace hdp {

/// Writes the stream of `root`, an hdpa.program or a module with one in
/// addressed form; of several the one called `name`. Functions in the module
/// are host code and have no part in it. Fails, with an error there, at the
/// first op that has no encoding; nothing is written then.
llvm::LogicalResult exportCommandStream(mlir::Operation *root,
                                        llvm::raw_ostream &os,
                                        llvm::StringRef name = "");

/// A module with the program of a stream. Errors name `file`, a byte offset and
/// a reason; each command is checked against the machine of the stream.
mlir::OwningOpRef<mlir::ModuleOp>
importCommandStream(llvm::StringRef bytes, llvm::StringRef file,
                    mlir::MLIRContext *context);

/// Registers --hdpa-to-stream and --stream-to-hdpa.
void registerCommandStreamTranslations();

} // namespace hdp

#endif // HDP_TARGET_COMMANDSTREAM_H
