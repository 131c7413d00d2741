#include "app/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace pabal::app {
namespace {

constexpr std::size_t kNameBufferBytes =
    16 * 1024;  // getpwnam_r(3): what every known system needs, many times

Result<Identity> find_user(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(kNameBufferBytes);
  const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0)
    return fail(ErrorKind::kRefuse, "can't look up the user {}: {}", name, std::strerror(error));
  if (!found)
    return fail(ErrorKind::kRefuse,
                "server.user is {0}, and there is no such user; make it: adduser --system --group {0}", name);
  return Identity{entry.pw_uid, entry.pw_gid, name};
}

Result<gid_t> find_group(const std::string& name) {
  group entry{};
  group* found = nullptr;
  std::vector<char> buffer(kNameBufferBytes);
  const int error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0)
    return fail(ErrorKind::kRefuse, "can't look up the group {}: {}", name, std::strerror(error));
  if (!found) return fail(ErrorKind::kRefuse, "server.group is {}, and there is no such group", name);
  return entry.gr_gid;
}

std::string name_of(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(kNameBufferBytes);
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return "";
  return entry.pw_name;
}

std::string describe(uid_t uid) {
  const std::string name = name_of(uid);
  return name.empty() ? fmt::format("user {}", uid) : name;
}

std::unexpected<Error> failed(std::string_view what) {
  return fail(ErrorKind::kRefuse, "{}: {}", what, std::strerror(errno));
}

Result<void> make_directory(const std::filesystem::path& directory, const std::optional<Identity>& user) {
  if (::mkdir(directory.c_str(), 0700) != 0)
    return failed(fmt::format("can't make the data directory {}", directory.string()));
  if (user && ::geteuid() == 0 && ::chown(directory.c_str(), user->uid, user->gid) != 0)
    return failed(fmt::format("can't give {} to {}", directory.string(), describe(user->uid)));
  return {};
}

}  // namespace

Result<std::optional<Identity>> find_identity(const Config& config) {
  if (config.server.user.empty()) return std::optional<Identity>();
  PABAL_TRY(Identity user, find_user(config.server.user));
  if (!config.server.group.empty()) {
    PABAL_TRY(user.gid, find_group(config.server.group));
  }
  return user;
}

Result<void> prepare_data_directory(const std::filesystem::path& directory,
                                    const std::optional<Identity>& user) {
  struct stat facts{};
  if (::stat(directory.c_str(), &facts) != 0) {
    if (errno != ENOENT)
      return failed(fmt::format("can't look at the data directory {}", directory.string()));
    PABAL_TRY_VOID(make_directory(directory, user));
    if (::stat(directory.c_str(), &facts) != 0) return failed(directory.string());
  }
  if (!S_ISDIR(facts.st_mode)) return fail(ErrorKind::kRefuse, "{} is not a directory", directory.string());
  const uid_t us = user ? user->uid : ::geteuid();
  if (facts.st_uid != us && (us != 0 || user)) {
    return fail(ErrorKind::kRefuse,
                "the data directory {0} belongs to {1}, and the server runs as {2}; "
                "run it as {1}, or give it away: chown -R {2} {0}",
                directory.string(), describe(facts.st_uid), describe(us));
  }
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(ErrorKind::kRefuse,
                "others may write to the data directory {0}; that is everybody's mail: chmod 700 {0}",
                directory.string());
  }
  return {};
}

Result<void> become(const Identity& user) {
  if (::geteuid() == user.uid && ::getuid() == user.uid) return {};
  if (::geteuid() != 0) {
    return fail(ErrorKind::kRefuse, "this runs as {} and can't become {}; start it as root, or as {}",
                describe(::geteuid()), describe(user.uid), describe(user.uid));
  }
  const int groups = user.name.empty() ? ::setgroups(0, nullptr) : ::initgroups(user.name.c_str(), user.gid);
  if (groups != 0) return failed("can't set the supplementary groups");
  if (::setresgid(user.gid, user.gid, user.gid) != 0) return failed("can't set the group");
  if (::setresuid(user.uid, user.uid, user.uid) != 0) return failed("can't set the user");
  // Whether it holds is seen by trying.
  if (user.uid != 0 && (::setuid(0) == 0 || ::seteuid(0) == 0))
    return fail(ErrorKind::kRefuse, "root could be had back after it was given up");
  return {};
}

Result<void> renounce_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("can't set no_new_privs");
  return {};
}

void set_process_limits() {
  ::umask(077);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);  // if not, we go on with fewer
  }
}

Result<void> prepare_for_store(const Config& config) {
  ::umask(077);
  const std::filesystem::path& directory = config.server.data_dir;
  PABAL_TRY(std::optional<Identity> user, find_identity(config));
  struct stat facts{};
  if (::geteuid() == 0 && ::stat(directory.c_str(), &facts) == 0) {
    user = Identity{facts.st_uid, facts.st_gid, name_of(facts.st_uid)};
  }
  if (::geteuid() != 0) user.reset();  // then we can only be who we are
  PABAL_TRY_VOID(prepare_data_directory(directory, user));
  if (user) PABAL_TRY_VOID(become(*user));
  return {};
}

}  // namespace pabal::app
