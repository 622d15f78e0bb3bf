# What is installed where, and the Debian package of it. scripts/package makes the packages.

install(TARGETS hearth hearthtool RUNTIME DESTINATION bin)
install(FILES deploy/prometheus.yml DESTINATION /etc/hearth)
install(FILES deploy/debian/default RENAME hearth DESTINATION /etc/default)
install(FILES deploy/debian/hearth.service DESTINATION /lib/systemd/system)
install(FILES deploy/debian/copyright DESTINATION share/doc/hearth)
install(FILES deploy/completions/_hearth DESTINATION share/zsh/vendor-completions)
install(FILES deploy/completions/hearth.bash RENAME hearth DESTINATION share/bash-completion/completions)
install(FILES deploy/completions/hearth.fish DESTINATION share/fish/vendor_completions.d)

function(install_link path target)
  install(CODE "
    set(link \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${path}\")
    cmake_path(GET link PARENT_PATH folder)
    file(MAKE_DIRECTORY \"\${folder}\")
    file(CREATE_LINK \"${target}\" \"\${link}\" SYMBOLIC)")
endfunction()
# Scripts that call Prometheus' names find them in a folder of their own: no file of Debian's
# prometheus package is in the way.
install_link(lib/hearth/prometheus ../../bin/hearth)
install_link(lib/hearth/promtool ../../bin/hearthtool)
# bash and fish look for a file of the command's name.
install_link(share/bash-completion/completions/hearthtool hearth)
install_link(share/fish/vendor_completions.d/hearthtool.fish hearth.fish)

# Made by scripts/package.
install(FILES ${CMAKE_BINARY_DIR}/doc/hearth.1.gz ${CMAKE_BINARY_DIR}/doc/hearthtool.1.gz DESTINATION share/man/man1 OPTIONAL)
install(FILES ${CMAKE_BINARY_DIR}/doc/changelog.gz DESTINATION share/doc/hearth OPTIONAL)

# The maintainer is who builds it, as Debian's own tools have it.
if(DEFINED ENV{DEBEMAIL})
  set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
else()
  set(CPACK_PACKAGE_CONTACT "Hearth's authors <hearth@localhost>")
endif()
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME hearth)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Prometheus-compatible monitoring system and time series database")
set(CPACK_PACKAGE_DESCRIPTION
  "Hearth scrapes metrics, keeps them, and answers PromQL: a drop-in for
 the Prometheus server in C++, with the same configuration, flags,
 HTTP API and data directory.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.54), ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(control ${CMAKE_SOURCE_DIR}/deploy/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${control}/conffiles;${control}/postinst;${control}/prerm;${control}/postrm")
include(CPack)
