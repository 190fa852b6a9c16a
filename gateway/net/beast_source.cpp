// The compiled part of Asio and Beast, once, so that no other source pays for it (BOOST_*_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
