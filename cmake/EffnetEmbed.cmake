# effnet_embed_texts(<variable> <file>...): sets the variable to one row a file, {"name", R"text(its text)text"sv},
# for a source template that configure_file completes. A changed file configures again. With sv a compiler does not count
# the characters one by one as constant expressions, which takes GCC 20 seconds for 200 kB.
function(effnet_embed_texts variable)
  set(rows "")
  foreach(file IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND rows "    {\"${name}\", R\"text(${text})text\"sv},\n")
  endforeach()
  set(${variable} "${rows}" PARENT_SCOPE)
endfunction()
