// A resolver that answers from a text, for tests, demos and closed labs. One record a line:
//
//     ; comment
//     crepes.fr.           MX    10 mail.crepes.fr.
//     mail.crepes.fr. 300  A     192.0.2.1            (the TTL may be left out: 3600)
//     crepes.fr.           TXT   "v=spf1 mx -all"
//     www.crepes.fr.       CNAME crepes.fr.
//     $SECURE  crepes.fr.      this name and all below it are signed
//     $BOGUS   broken.example. signed wrongly: fails
//     $FAIL    down.example.   its servers do not answer
//
// Names are absolute, with or without the last dot.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "net/dns.h"

namespace pabal::net {

class StaticResolver final : public Resolver {
 public:
  /// The error names the line.
  static Result<std::unique_ptr<StaticResolver>> parse(std::string_view zone);

  Task<Result<DnsAnswer>> query(std::string name, DnsType type, Deadline deadline) override;

 private:
  struct RecordSet {
    std::vector<std::string> records;
    std::chrono::seconds ttl{0};
  };
  enum class Mark { kSecure, kBogus, kFail };

  Result<void> add_line(std::string_view line);
  DnsAnswer find(std::string name, DnsType type) const;
  std::optional<Mark> mark_of(std::string_view name) const;

  std::map<std::string, std::map<DnsType, RecordSet>, std::less<>> names_;
  std::map<std::string, Mark, std::less<>> marks_;
};

}  // namespace pabal::net
