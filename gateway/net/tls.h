// What a caller says about TLS. Versions 1.2 and 1.3 only; a client always verifies certificate and host name.
#pragma once

#include <string>

namespace reprise::net {

// PEM files of a server: its certificate with the chain behind it, and its private key.
struct ServerTls {
  std::string certificate_file;
  std::string key_file;
};

// Whom a client trusts.
struct ClientTls {
  std::string ca_file;      // PEM; empty: the system's authorities
  std::string server_name;  // expected in the certificate and sent as SNI; empty: the host that is dialled
};

}  // namespace reprise::net
