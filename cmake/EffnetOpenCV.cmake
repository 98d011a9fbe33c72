# effnet_opencv: the three image modules of OpenCV; also installed, for who links effnet::data.
find_package(OpenCV 4 REQUIRED COMPONENTS core imgproc imgcodecs)
if(NOT TARGET effnet_opencv)
  add_library(effnet_opencv INTERFACE IMPORTED GLOBAL)
  target_include_directories(effnet_opencv INTERFACE ${OpenCV_INCLUDE_DIRS})
  target_link_libraries(effnet_opencv INTERFACE opencv_core opencv_imgproc opencv_imgcodecs)
endif()
