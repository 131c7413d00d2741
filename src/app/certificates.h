// The server's certificates: those of the configuration, or, until there are any, one of our own making in
// the data directory, so that TLS works from the first minute on.
#pragma once

#include <memory>

#include "app/config.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "net/tls.h"

namespace pabal::app {

class Certificates {
 public:
  /// Reads them. The clock and the random source outlive it.
  static Result<std::unique_ptr<Certificates>> load(const Config& config, const std::string& host_name,
                                                    const Clock& clock, Random& random, const Logger& log);

  net::TlsServer& server() { return *server_; }
  /// The same certificates, for listeners whose clients choose an HTTP by ALPN.
  net::TlsServer& web() { return *web_; }
  /// The files anew, or other files. On failure all stays as it was.
  Result<void> reload(const Config& config);

 private:
  Certificates(std::filesystem::path own, std::unique_ptr<net::TlsServer> server,
               std::unique_ptr<net::TlsServer> web, Logger log)
      : own_(std::move(own)), server_(std::move(server)), web_(std::move(web)), log_(std::move(log)) {}
  void tell_warnings() const;

  const std::filesystem::path own_;
  const std::unique_ptr<net::TlsServer> server_;
  const std::unique_ptr<net::TlsServer> web_;
  const Logger log_;
};

}  // namespace pabal::app
