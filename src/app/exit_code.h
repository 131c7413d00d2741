// What `pabal` tells the shell when it ends. Scripts rely on these (docs/running.md): sysexits(3) where that
// has a word for it.
#pragma once

#include "base/result.h"

namespace pabal::app {

enum class ExitCode : int {
  kOk = 0,
  kRefused = 1,        ///< the request was understood and refused: not found, taken, not allowed
  kUsage = 2,          ///< the command line itself is wrong
  kUnavailable = 69,   ///< no server, or it went away (EX_UNAVAILABLE)
  kSoftware = 70,      ///< a bug of ours (EX_SOFTWARE)
  kCannotCreate = 73,  ///< a directory, file or socket could not be made (EX_CANTCREAT)
  kDamaged = 74,       ///< what the disk holds is not what was written (EX_IOERR)
  kTryLater = 75,      ///< nothing wrong with the request; disk full, busy, locked (EX_TEMPFAIL)
  kConfig = 78,        ///< the configuration has faults (EX_CONFIG)
};

constexpr ExitCode exit_code_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kRefuse:
      return ExitCode::kRefused;
    case ErrorKind::kRetryLater:
    case ErrorKind::kConflict:
    case ErrorKind::kOverLimit:
    case ErrorKind::kDeadline:
      return ExitCode::kTryLater;
    case ErrorKind::kClose:
    case ErrorKind::kCancelled:
      return ExitCode::kUnavailable;
    case ErrorKind::kCorrupt:
      return ExitCode::kDamaged;
  }
  return ExitCode::kSoftware;
}

}  // namespace pabal::app
