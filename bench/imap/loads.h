// The loads of `imap_load`: each measures one thing and prints it as a line of JSON.
#pragma once

#include <chrono>
#include <string>

#include "connection.h"

namespace pabal::bench {

struct Options {
  Server server;
  std::string user = "u";  ///< or, with several: their beginning, u0, u1, ...
  std::string domain = "example.test";
  std::string password;
  std::string folder = "INBOX";
  std::uint32_t clients = 1;
  std::uint32_t users = 1;    ///< among which the clients are divided
  std::uint32_t letters = 0;  ///< of the corpus, or in each user's folder
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t batch = 500;  ///< letters of one APPEND
  std::uint32_t salt = 0;
  double seconds = 4;

  std::string login(std::uint32_t client) const;
};

/// Reads commands from standard input, one a line, and tells how each was answered. `\r\n` in a line is a
/// line end of the command (after a literal). `!each FIRST LAST COMMAND` says the command so many times, with
/// the number for each `#`.
void talk(const Options& options);
/// Puts letters `first` to `first + count` of the corpus of `letters` into a folder, `batch` with each
/// APPEND.
void fill(const Options& options);
/// Clients append letter by letter.
void append(const Options& options);
/// Clients log in, do ten things by chance as mail programs do, log out, and begin again.
void mix(const Options& options);
/// Clients log in and out.
void logins(const Options& options);
/// Clients that wait in IDLE: says when all do, then waits for a line of standard input, and sees that they
/// live.
void idle(const Options& options);
/// What a server with the corpus must answer.
void facts(const Options& options);

}  // namespace pabal::bench
