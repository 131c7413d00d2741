// Certificates and keys as files hold them.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/detail/openssl.h"
#include "net/tls.h"

namespace pabal::net {

struct Certificate {
  std::string path;
  X509Ptr own;
  std::vector<X509Ptr> chain;
  KeyPtr key;
  std::vector<std::string> names;  ///< DNS names of subjectAltName, in lower case
};

/// Errors name the file.
Result<Certificate> load_certificate(const CertificateFiles& files);

/// `*.example.org` covers one label (RFC 6125 §6.4.3). Both in lower case.
bool name_covers(std::string_view pattern, std::string_view name);

/// What is wrong with its dates and names at that time; empty if nothing is.
std::vector<std::string> certificate_warnings(const Certificate& certificate, WallTime now);

}  // namespace pabal::net
