#include "net/detail/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <ctime>
#include <fstream>
#include <sstream>

#include "base/ascii.h"
#include "net/detail/unique_fd.h"
#include "net/endpoint.h"

namespace pabal::net {

namespace {

constexpr std::chrono::days kSoon{14};

Result<std::string> read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || !text) {
    return fail(ErrorKind::kRefuse, "{}: {}", path, error_text(errno != 0 ? errno : EIO));
  }
  return text.str();
}

/// An encrypted key must not make a server ask at a terminal.
int no_password(char*, int, int, void*) { return -1; }

BioPtr memory_bio(std::string_view text) {
  return BioPtr(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::vector<std::string> dns_names_of(X509* certificate) {
  std::vector<std::string> names;
  auto* const all =
      static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(::ASN1_STRING_get0_data(name->d.dNSName));
    names.push_back(
        to_lower(std::string_view(text, static_cast<std::size_t>(::ASN1_STRING_length(name->d.dNSName)))));
  }
  ::GENERAL_NAMES_free(all);
  return names;
}

WallTime to_wall_time(const ASN1_TIME* time) {
  std::tm fields{};
  if (::ASN1_TIME_to_tm(time, &fields) != 1) return WallTime{};
  return std::chrono::time_point_cast<WallTime::duration>(
      std::chrono::system_clock::from_time_t(::timegm(&fields)));
}

std::string date_of(WallTime time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

}  // namespace

Result<Certificate> load_certificate(const CertificateFiles& files) {
  Certificate out;
  out.path = files.certificate_path;
  PABAL_TRY(const std::string chain_text, read_file(files.certificate_path));
  const BioPtr chain = memory_bio(chain_text);
  ::ERR_clear_error();
  out.own.reset(::PEM_read_bio_X509_AUX(chain.get(), nullptr, no_password, nullptr));
  if (!out.own) {
    ::ERR_clear_error();
    return fail(ErrorKind::kRefuse, "{}: no certificate in PEM form is in this file", files.certificate_path);
  }
  while (X509Ptr next{::PEM_read_bio_X509(chain.get(), nullptr, no_password, nullptr)})
    out.chain.push_back(std::move(next));
  ::ERR_clear_error();

  PABAL_TRY(const std::string key_text, read_file(files.key_path));
  out.key.reset(::PEM_read_bio_PrivateKey(memory_bio(key_text).get(), nullptr, no_password, nullptr));
  if (!out.key) {
    ::ERR_clear_error();
    const bool encrypted = key_text.find("ENCRYPTED") != key_text.npos;
    return fail(
        ErrorKind::kRefuse, "{}: {}", files.key_path,
        encrypted
            ? "the private key is encrypted with a password; store it without (openssl pkey -in … -out …)"
            : "no private key in PEM form is in this file");
  }
  if (::X509_check_private_key(out.own.get(), out.key.get()) != 1) {
    ::ERR_clear_error();
    return fail(ErrorKind::kRefuse, "{}: this private key does not belong to the certificate in {}",
                files.key_path, files.certificate_path);
  }
  out.names = dns_names_of(out.own.get());
  return out;
}

bool name_covers(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*.")) return pattern == name;
  const std::size_t dot = name.find('.');
  return dot != name.npos && dot > 0 && name.substr(dot) == pattern.substr(1);
}

std::vector<std::string> certificate_warnings(const Certificate& certificate, WallTime now) {
  std::vector<std::string> out;
  const WallTime from = to_wall_time(::X509_get0_notBefore(certificate.own.get()));
  const WallTime until = to_wall_time(::X509_get0_notAfter(certificate.own.get()));
  if (now < from)
    out.push_back(
        fmt::format("{}: the certificate is valid only from {} on", certificate.path, date_of(from)));
  if (now > until) {
    out.push_back(fmt::format("{}: the certificate expired on {}", certificate.path, date_of(until)));
  } else if (now + kSoon > until) {
    out.push_back(fmt::format("{}: the certificate expires on {}", certificate.path, date_of(until)));
  }
  if (certificate.names.empty()) {
    out.push_back(fmt::format("{}: the certificate has no host names (subjectAltName)", certificate.path));
  }
  return out;
}

namespace {

std::string pem_of(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return std::string(text, static_cast<std::size_t>(size));
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  ::X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  const bool added = extension != nullptr && ::X509_add_ext(certificate, extension, -1) == 1;
  ::X509_EXTENSION_free(extension);
  return added;
}

/// 20 octets at most, positive, at least 64 bits of chance (RFC 5280 §4.1.2.2).
bool set_random_serial(X509* certificate) {
  BIGNUM* number = ::BN_new();
  const bool set = number != nullptr && ::BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                   ::BN_to_ASN1_INTEGER(number, ::X509_get_serialNumber(certificate)) != nullptr;
  ::BN_free(number);
  return set;
}

}  // namespace

Result<SelfSigned> make_self_signed(const std::vector<std::string>& names, const Clock& clock,
                                    std::chrono::days valid_for) {
  if (names.empty()) return fail(ErrorKind::kRefuse, "a certificate needs at least one host name");
  std::string alternatives;
  for (const std::string& name : names) {
    // The list is in OpenSSL's own little language; nothing that could mean something there passes.
    const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
      return is_alnum(c) || c == '-' || c == '.' || c == ':' || c == '*' || c == '_';
    });
    if (!plain) return fail(ErrorKind::kRefuse, "'{}' is not a host name", name);
    const bool address = IpAddress::parse(name).has_value();
    if (!address && name.find(':') != name.npos)
      return fail(ErrorKind::kRefuse, "'{}' is not a host name", name);
    alternatives += fmt::format("{}{}:{}", alternatives.empty() ? "" : ",", address ? "IP" : "DNS", name);
  }
  char curve[] = "P-256";
  const KeyPtr key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
  const X509Ptr certificate(::X509_new());
  const auto now = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(clock.wall()));
  X509* const x = certificate.get();
  // Some clients' clocks are behind.
  constexpr long kHour = 3600;
  bool good = key && x != nullptr && ::X509_set_version(x, X509_VERSION_3) == 1 && set_random_serial(x) &&
              ::ASN1_TIME_set(::X509_getm_notBefore(x), now - kHour) != nullptr &&
              ::ASN1_TIME_adj(::X509_getm_notAfter(x), now - kHour, static_cast<int>(valid_for.count()), 0) !=
                  nullptr &&
              ::X509_set_pubkey(x, key.get()) == 1;
  if (good) {
    // At most 64 characters (RFC 5280, ub-common-name); the names that count are the alternatives.
    const std::string common = names.front().substr(0, 64);
    X509_NAME* const subject = ::X509_get_subject_name(x);
    good = ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                        reinterpret_cast<const unsigned char*>(common.c_str()), -1, -1,
                                        0) == 1 &&
           ::X509_set_issuer_name(x, subject) == 1 && add_extension(x, NID_subject_alt_name, alternatives) &&
           add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(x, NID_key_usage, "critical,digitalSignature") &&
           add_extension(x, NID_ext_key_usage, "serverAuth") && ::X509_sign(x, key.get(), ::EVP_sha256()) > 0;
  }
  const BioPtr certificate_pem(::BIO_new(::BIO_s_mem()));
  const BioPtr key_pem(::BIO_new(::BIO_s_mem()));
  good = good && ::PEM_write_bio_X509(certificate_pem.get(), x) == 1 &&
         ::PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
  if (!good) return fail(ErrorKind::kRefuse, "making a certificate: {}", take_openssl_error());
  return SelfSigned{pem_of(certificate_pem.get()), pem_of(key_pem.get())};
}

}  // namespace pabal::net
