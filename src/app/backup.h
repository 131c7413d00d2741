// A backup is a directory: the store's own copy, and a note of what it is, written last. Without the note
// it is not a backup: the copying did not come to its end.
//
//     pabal-backup.json     {"format":1,"version":"0.1.0","created":"2026-11-21T12:00:00Z"}
//     store/                as store/embedded.h makes it
#pragma once

#include <filesystem>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"
#include "store/embedded.h"

namespace pabal::app {

/// Into a directory that is not there yet, or empty. The server goes on meanwhile.
net::Task<Result<void>> write_backup(store::EmbeddedEngine& engine, const Clock& clock,
                                     std::filesystem::path to);

/// Into a data directory that has no store. Blocks.
Result<void> restore_backup(const std::filesystem::path& from, const std::filesystem::path& data);

/// Where the store lies in a data directory, and in a backup.
std::filesystem::path store_in(const std::filesystem::path& directory);

}  // namespace pabal::app
