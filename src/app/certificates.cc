#include "app/certificates.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "http/server.h"

namespace pabal::app {
namespace {

net::TlsServerOptions options_for(const Config& config, const std::filesystem::path& own) {
  net::TlsServerOptions options;
  for (const auto& [cert_file, key_file] : config.tls.certificate) {
    options.certificates.push_back({cert_file.string(), (key_file.empty() ? cert_file : key_file).string()});
  }
  if (options.certificates.empty()) options.certificates.push_back({own.string(), own.string()});
  return options;
}

net::TlsServerOptions web_options_for(const Config& config, const std::filesystem::path& own) {
  net::TlsServerOptions options = options_for(config, own);
  options.alpn = {std::string(http::kAlpnHttp2), std::string(http::kAlpnHttp11)};
  return options;
}

// The key is in it: nobody else may read it, not even for the moment in which it is made.
Result<void> write_secret(const std::filesystem::path& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return fail(ErrorKind::kRetryLater, "{}: {}", path.string(), std::strerror(errno));
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!written) return fail(ErrorKind::kRetryLater, "{} could not be written", path.string());
  return {};
}

Result<void> make_own(const std::filesystem::path& path, const std::string& host_name, const Clock& clock) {
  PABAL_TRY(const net::SelfSigned made, net::make_self_signed({host_name, "localhost", "127.0.0.1"}, clock));
  return write_secret(path, made.certificate_pem + made.key_pem);
}

}  // namespace

Result<std::unique_ptr<Certificates>> Certificates::load(const Config& config, const std::string& host_name,
                                                         const Clock& clock, Random& random,
                                                         const Logger& log) {
  std::filesystem::path own = config.server.data_dir / "self-signed.pem";
  if (config.tls.certificate.empty()) {
    std::error_code ignored;  // what can't be looked at can't be read either, and that is told
    if (!std::filesystem::exists(own, ignored)) PABAL_TRY_VOID(make_own(own, host_name, clock));
    log.info("no certificate is configured; the server vouches for itself", {{"file", own.string()}});
  }
  PABAL_TRY(auto server, net::TlsServer::load(options_for(config, own), clock, random));
  PABAL_TRY(auto web, net::TlsServer::load(web_options_for(config, own), clock, random));
  std::unique_ptr<Certificates> certificates(
      new Certificates(std::move(own), std::move(server), std::move(web), log));
  certificates->tell_warnings();
  return certificates;
}

Result<void> Certificates::reload(const Config& config) {
  PABAL_TRY_VOID(server_->reload(options_for(config, own_)));
  PABAL_TRY_VOID(web_->reload(web_options_for(config, own_)));
  tell_warnings();
  return {};
}

void Certificates::tell_warnings() const {
  for (const std::string& warning : server_->warnings()) log_.warn("certificate", {{"trouble", warning}});
}

}  // namespace pabal::app
