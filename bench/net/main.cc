// What a connection costs when it idles, how fast requests of one line go, and how fast long answers: our
// listener, connections, TLS and compression in one process, the clients in another. bench/net/README.md
// tells how to run and read it.
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdio>

#include "bench.h"

namespace pabal::net::bench {
namespace {

void run(const Plan& plan) {
  fmt::print("{}{}, {} server loop{}\n", plan.tls ? "TLS 1.3" : "plain", plan.deflate ? ", compressed" : "",
             plan.server_loops, plan.server_loops == 1 ? "" : "s");
  std::fflush(stdout);
  int to_client[2], to_server[2];
  if (::pipe(to_client) != 0 || ::pipe(to_server) != 0) die("no pipe");
  // Two processes: each connection takes a descriptor on either side.
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(to_client[1]);
    ::close(to_server[0]);
    run_client(plan, to_server[1], to_client[0]);
    std::exit(0);
  }
  ::close(to_client[0]);
  ::close(to_server[1]);
  run_server(plan, to_client[1], to_server[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(to_client[1]);
  ::close(to_server[0]);
  if (status != 0) die("the client failed");
}

/// Each idle connection takes one.
void allow_descriptors(std::size_t count) {
  rlimit files;
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < count + 100)
    die(fmt::format("{} descriptors are allowed, {} are needed (ulimit -n)", files.rlim_cur, count + 100));
}

}  // namespace
}  // namespace pabal::net::bench

int main(int count, char** words) {
  using namespace pabal::net::bench;
  Plan plan;
  bool plain = true, tls = true;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto number = [&] { return i + 1 < count ? std::strtoul(words[++i], nullptr, 10) : 0; };
    if (word == "--smoke")
      plan = {.idle = 50, .busy = 5, .bulk_mib = 1, .seconds = std::chrono::seconds(0)};
    else if (word == "--idle")
      plan.idle = number();
    else if (word == "--busy")
      plan.busy = number();
    else if (word == "--bulk")
      plan.bulk_mib = number();
    else if (word == "--seconds")
      plan.seconds = std::chrono::seconds(number());
    else if (word == "--loops")
      plan.server_loops = number();
    else if (word == "--deflate")
      plan.deflate = true;
    else if (word == "--plain")
      tls = false;
    else if (word == "--tls")
      plain = false;
    else
      die("usage: net_bench [--smoke] [--plain | --tls] [--deflate] [--idle N] [--busy N] [--bulk MIB] "
          "[--seconds N] [--loops N]");
  }
  allow_descriptors(plan.idle);
  for (const bool encrypted : {false, true}) {
    if (!(encrypted ? tls : plain)) continue;
    plan.tls = encrypted;
    run(plan);
  }
  return 0;
}
