//===- FileOutput.cpp - temporary file, then rename -----------------------===//

#include "hdp/Support/FileOutput.h"
#include "hdp/Support/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace hdp;

llvm::Error hdp::makeFileError(llvm::StringRef path, std::error_code code) {
  std::string text = code.message();
  if (!text.empty())
    text.front() = llvm::toLower(text.front());
  return makeError(path + ": " + text);
}

/// Flushes `os`; a full disk is an error, not the abort that the stream's
/// destructor would make of it.
static std::error_code finish(llvm::raw_fd_ostream &os) {
  os.flush();
  std::error_code code = os.error();
  os.clear_error();
  return code;
}

llvm::Error hdp::writeOutputFile(
    llvm::StringRef path,
    llvm::function_ref<llvm::Error(llvm::raw_ostream &)> write) {
  if (path == "-")
    return write(llvm::outs());

  llvm::sys::fs::file_status status;
  if (!llvm::sys::fs::status(path, status) &&
      status.type() == llvm::sys::fs::file_type::directory_file)
    return makeFileError(path, std::make_error_code(std::errc::is_a_directory));
  if (llvm::sys::fs::exists(status) &&
      status.type() != llvm::sys::fs::file_type::regular_file) {
    std::error_code code;
    llvm::raw_fd_ostream os(path, code);
    if (code)
      return makeFileError(path, code);
    if (llvm::Error error = write(os))
      return error;
    code = finish(os);
    return code ? makeFileError(path, code) : llvm::Error::success();
  }

  llvm::Expected<llvm::sys::fs::TempFile> file =
      llvm::sys::fs::TempFile::create(path + ".part-%%%%%%",
                                      llvm::sys::fs::all_read |
                                          llvm::sys::fs::all_write);
  if (!file)
    return makeFileError(path, llvm::errorToErrorCode(file.takeError()));
  llvm::Error error = llvm::Error::success();
  {
    llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
    llvm::Error written = write(os);
    std::error_code code = finish(os);
    if (written)
      error = llvm::joinErrors(std::move(error), std::move(written));
    else if (code)
      error = llvm::joinErrors(std::move(error), makeFileError(path, code));
  }
  if (error) {
    llvm::consumeError(file->discard());
    return error;
  }
  if (llvm::Error kept = file->keep(path))
    return makeFileError(path, llvm::errorToErrorCode(std::move(kept)));
  return llvm::Error::success();
}
