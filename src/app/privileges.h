// Who we are, and what we may do: root only as long as ports are taken, then the user whose mail it is.
// The store's files must belong to one user, whoever types a command: a file that root left behind would keep
// the server from its own store.
//
// Called while the process starts, before anything is served. Failures are kRefuse, in words.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "app/config.h"
#include "base/result.h"

namespace pabal::app {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;  ///< for initgroups and for people; empty if the uid has no name
};

/// The configured user and group; nothing if none is configured.
Result<std::optional<Identity>> find_identity(const Config& config);

/// Makes the data directory if it is not there (0700, the given user's if we are root), and checks that it is
/// a directory which we, or that user, can use and nobody else can write to.
Result<void> prepare_data_directory(const std::filesystem::path& directory,
                                    const std::optional<Identity>& user);

/// From root to that user, for good: groups, gid, uid, and no way back. Nothing half done is left: if a step
/// fails the caller must end the process. Does nothing if we are that user already; kRefuse if we are
/// neither.
Result<void> become(const Identity& user);

/// No program that we might start can gain rights that we don't have (prctl(2), PR_SET_NO_NEW_PRIVS).
Result<void> renounce_new_privileges();

/// Files are ours alone, and there are as many descriptors as the system lets us have.
void set_process_limits();

/// What a command does before it opens the store by itself: the data directory is there, and a root shell
/// acts as the directory's owner.
Result<void> prepare_for_store(const Config& config);

}  // namespace pabal::app
